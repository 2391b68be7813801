import ArgumentParser
import AttuneClient
import Histogram
import LineProtocol

/// How soon a correction is felt, and how many are acknowledged a second.
struct CorrectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corrections",
        abstract: "Teach many corrections, then time how soon one more changes the answer.",
        discussion: """
            First teaches as many corrections as asked for and waits until the daemon has learnt them. Then, over and \
            over, submits one more and asks for its text as soon as it is learnt: the time is from sending the correction \
            to having the prediction, which must be the taught label.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Corrections to teach first.")
    var corrections = 770

    @Option(help: "Labels that they use.")
    var labels = 77

    @Option(help: "Corrections to time.")
    var rounds = 30

    @OptionGroup var output: ReportOptions

    func validate() throws {
        guard corrections >= 0, labels >= 1, rounds >= 1 else {
            throw ValidationError("counts must not be negative, and there is at least one label and one round")
        }
    }

    func run() async throws {
        try await daemon.withDaemon { socket, _ in try await measure(socket) }
    }

    private func measure(_ socket: String) async throws {
        let client = try AttuneClient(path: socket)
        defer { client.close() }
        let clock = ContinuousClock()

        let teaching = try await clock.measure {
            try await BenchTexts.teach(corrections, labels: labels, client)
        }
        let learning = try await clock.measure { try await BenchTexts.settle(client) }

        var felt = Histogram<UInt32>(highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)
        var wrong = 0
        for round in 0..<rounds {
            // Another label than the answer so far, so that it takes the correction to give it.
            let text = Self.unheardOf(round)
            let before = try await client.predict(Input(text)).label
            let label =
                before == "label \(round % labels)" ? "label \((round + 1) % labels)" : "label \(round % labels)"
            let time = try await clock.measure {
                _ = try await client.submit(
                    SubmitParameters(
                        Input(text), label: label, idempotencyKey: "bench-round-\(round)-\(corrections)",
                        wait: .published))
                if try await client.predict(Input(text)).label != label { wrong += 1 }
            }
            felt.record(UInt64(time / .microseconds(1)))
        }
        let milliseconds = { (percentile: Double) in
            ReportValue.number(Double(felt.valueAtPercentile(percentile)) / 1000, digits: 1)
        }
        let report = Report(output)
        report.add([
            "what": "felt", "corrections": .integer(corrections), "labels": .integer(labels),
            "acknowledged_per_s": .number(Double(corrections) / max(teaching / .seconds(1), 1e-9), digits: 0),
            "learnt_after_s": .number(learning / .seconds(1), digits: 1), "rounds": .integer(rounds),
            "as_taught": .integer(rounds - wrong), "p50_ms": milliseconds(50), "p95_ms": milliseconds(95),
            "worst_ms": .number(Double(felt.max) / 1000, digits: 1),
        ])
        report.finish()
    }

    /// A text about something that none of the others is about, different for every round.
    private static func unheardOf(_ round: Int) -> String {
        let things = [
            "volcano", "harpsichord", "glacier", "submarine", "orchid", "meteorite", "lighthouse", "beehive",
            "cathedral",
            "telescope", "walrus", "vineyard",
        ]
        let deeds = ["paints", "forgets", "sings to", "digs up", "measures", "follows", "dreams of"]
        return "the \(things[round % 12]) \(deeds[round % 7]) a \(things[(round * 5 + 3 + round / 12) % 12])"
    }
}
