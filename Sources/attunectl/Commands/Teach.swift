import ArgumentParser
import AttuneClient
import Foundation
import LineProtocol

/// The command `attunectl teach`.
struct Teach: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach corrections: texts with their right labels.",
        discussion: """
            When it returns, what was taught is on the daemon's disk; with '--wait published' it is also learnt.

            A file is CSV with a header (columns text and label or category; slice, textPair, weight, predicted and \
            idempotencyKey where wanted; others are ignored), or JSON lines with the same names ('input' for 'text'). \
            Each row is sent under a key made of its content and its line, so teaching a file again after an \
            interruption is harmless: what was taken already counts once. One that was retracted stays so.

            EXAMPLES
              attunectl teach "my card has not arrived" card_arrival
              attunectl teach "where is my card?" card_arrival --wait published
              attunectl teach --file corrections.csv --wait published
              generate | attunectl teach --file -
            """
    )

    @Argument(help: "The text.")
    var text: String?

    @Argument(help: "Its right label.")
    var label: String?

    @Option(name: .long, help: ArgumentHelp("Teach every row of a CSV or JSONL file, or of '-'.", valueName: "path"))
    var file: String?

    @Option(name: .long, help: "What to wait for: 'journaled' (on disk) or 'published' (learnt, or refused).")
    var wait = SubmitParameters.Wait.journaled

    @Option(name: .long, help: "Second text of a pair.")
    var pair: String?

    @Option(name: .long, help: "Group of inputs that the text belongs to.")
    var slice: String?

    @Option(name: .long, help: "How much it counts, in place of 1.")
    var weight: Double?

    @Option(name: .long, help: "What had been answered, to keep account of accuracy.")
    var predicted: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if file == nil, text == nil || label == nil {
            throw ValidationError("Give a text and its label, or --file.")
        }
        if file != nil, text != nil || pair != nil || slice != nil || weight != nil || predicted != nil {
            throw ValidationError("--file brings texts, labels and the rest itself; give no others.")
        }
    }

    func perform(_ client: AttuneClient) async throws {
        if let file {
            try await teach(RecordFile.read(file), by: client)
        } else if let text, let label {
            let submission = SubmitParameters(
                Input(text, textPair: pair),
                label: label,
                idempotencyKey: "once:\(UUID().uuidString)",
                predicted: predicted,
                slice: slice,
                weight: weight,
                wait: wait
            )
            let result = try await Submission.send(submission, by: client)
            try output.write(result) { [Self.line(result)] }
        }
    }

    /// What a file's teaching came to.
    private struct Summary: Encodable {
        var rows = 0
        var accepted = 0
        var duplicates = 0
        var refused = 0
        var state: CorrectionState?
        var revision: Int?
    }

    private func teach(_ records: [Record], by client: AttuneClient) async throws {
        var summary = Summary(rows: records.count)
        var bar = ProgressBar(total: records.count)
        // Only the last row waits for its learning: what came before it is learnt before it, or with it.
        let last = wait == .published ? records.last : nil
        let early = last == nil ? records[...] : records.dropLast()
        func count(_ record: Record, _ result: Result<SubmitResult, Failure>) {
            switch result {
            case .success(let result):
                summary.accepted += 1
                summary.duplicates += result.duplicate ? 1 : 0
                summary.revision = [result.revision, summary.revision].compactMap(\.self).max()
            case .failure(let failure):
                summary.refused += 1
                bar.finish()
                Console.complain("attunectl: line \(record.line): \(failure.message)")
            }
            bar.advance()
        }
        do {
            try await Pipeline.run(over: Array(early)) { record in
                (record, try await Submission.sendRow(record, wait: .journaled, by: client))
            } each: { record, result in
                count(record, result)
            }
            if let last {
                let result = try await Submission.sendRow(last, wait: .published, by: client)
                summary.state = try? result.get().state
                count(last, result)
            }
        } catch {
            bar.finish()
            let done = "\(summary.accepted) of \(records.count) rows are known to be taken"
            Console.complain("attunectl: \(done); running the same command again is harmless.")
            throw error
        }
        bar.finish()
        try output.write(summary) {
            let learnt = summary.state.map { ", the last one \($0.rawValue)" } ?? ""
            let revision = summary.revision.map { " (revision \($0))" } ?? ""
            return [
                "\(summary.accepted) of \(summary.rows) rows taken\(learnt)\(revision); "
                    + "\(summary.duplicates) had been before, \(summary.refused) refused"
            ]
        }
        if summary.refused > 0 { throw Failure(.refused, "\(summary.refused) rows were refused; see above") }
    }

    private static func line(_ result: SubmitResult) -> String {
        let known = result.duplicate ? " (taken before)" : ""
        let what =
            switch result.state {
            case .queued: "is on disk and waits to be learnt"
            case .learnt: "is learnt by revision \(result.revision.map(String.init) ?? "?")"
            default: "is \(result.state.rawValue)" + (result.reason.map { ": \(Text.plain($0))" } ?? "")
            }
        return "correction \(result.sequence) \(what)\(known)"
    }
}
