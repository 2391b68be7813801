import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl evaluate`.
struct Evaluate: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how good the answers are on labelled texts.",
        discussion: """
            The file is read as by 'attunectl teach --file', and nothing of it is learnt. Accuracy, macro F1 (the mean \
            over all labels that occur or are answered), calibration error and each label's figures are of the whole \
            file, all answered by one revision.

            EXAMPLES
              attunectl evaluate test.csv
              attunectl evaluate test.jsonl --json | jq .accuracy
            """
    )

    @Argument(help: "CSV or JSONL file, or '-'.")
    var file: String

    @Option(name: .long, help: "Revision to evaluate: the serving one (default) or another that is held.")
    var revision: Int?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ client: AttuneClient) async throws {
        let records = try RecordFile.read(file)
        guard !records.isEmpty else { throw Failure(.malformedFile, "\(file): there is no example in it") }
        let revision = try await serving(client)
        var bar = ProgressBar(total: records.count)
        var outcomes: [Evaluation.Outcome] = []
        do {
            try await Pipeline.run(inFlight: 4, over: Record.batches(records)) { batch in
                (batch, try await client.predict(batch.map(\.input), topK: 1, revision: revision))
            } each: { batch, predictions in
                for (record, prediction) in zip(batch, predictions) {
                    outcomes.append(
                        Evaluation.Outcome(
                            label: record.label,
                            slice: record.slice,
                            predicted: prediction.label,
                            score: Double(prediction.score)
                        )
                    )
                }
                bar.advance(by: batch.count)
            }
        } catch ClientError.protocolError(let error) where error.code == .notFound && self.revision == nil {
            bar.finish()
            throw Failure(
                .tryAgain,
                "revision \(revision) was replaced while it was evaluated; evaluate again when nothing is being learnt"
            )
        }
        bar.finish()
        let evaluation = Evaluation(outcomes, revision: revision)
        try output.write(evaluation) { Self.lines(evaluation) }
    }

    private func serving(_ client: AttuneClient) async throws -> Int {
        if let revision { revision } else { try await client.status().revision }
    }

    private static func lines(_ evaluation: Evaluation) -> [String] {
        let rows = evaluation.labels.map { report in
            [
                Text.plain(report.label), "\(report.support)", Text.percent(report.precision),
                Text.percent(report.recall), Text.percent(report.f1),
            ]
        }
        var lines = [
            "accuracy            \(Text.percent(evaluation.accuracy))  (\(evaluation.correct) of \(evaluation.count))",
            "macro F1            \(Text.percent(evaluation.macroF1))",
            "calibration error   \(Text.percent(evaluation.expectedCalibrationError))",
            "revision            \(evaluation.revision)",
            "",
        ]
        lines += Text.table(["label", "examples", "precision", "recall", "F1"], rows)
        if !evaluation.slices.isEmpty {
            lines.append("")
            lines += Text.table(
                ["slice", "examples", "accuracy"],
                evaluation.slices.map { [Text.plain($0.slice), "\($0.count)", Text.percent($0.accuracy)] }
            )
        }
        return lines
    }
}
