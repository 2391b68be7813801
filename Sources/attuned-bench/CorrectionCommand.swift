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

    @Option(help: "Path of the daemon's socket.")
    var socket: String

    @Option(help: "Corrections to teach first.")
    var corrections = 770

    @Option(help: "Labels that they use.")
    var labels = 77

    @Option(help: "Corrections to time.")
    var rounds = 30

    func validate() throws {
        guard corrections >= 0, labels >= 1, rounds >= 1 else {
            throw ValidationError("counts must not be negative, and there is at least one label and one round")
        }
    }

    func run() async throws {
        let client = try AttuneClient(path: socket)
        defer { client.close() }
        let clock = ContinuousClock()

        let teaching = try await clock.measure {
            try await BenchTexts.teach(corrections, labels: labels, client)
        }
        print("acknowledged: \(corrections) corrections, \(Self.rate(corrections, teaching)) a second")
        let learning = try await clock.measure { try await BenchTexts.settle(client) }
        print("learnt after another \(learning)")

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
        let milliseconds = { (percentile: Double) in Double(felt.valueAtPercentile(percentile)) / 1000 }
        print(
            """
            one correction, from submit to prediction, with \(corrections) learnt: \
            median \(milliseconds(50)) ms, p95 \(milliseconds(95)) ms, worst \(Double(felt.max) / 1000) ms; \
            \(rounds - wrong) of \(rounds) answered as taught
            """)
    }

    private static func rate(_ count: Int, _ time: Duration) -> Int {
        Int(Double(count) / max(time / .seconds(1), 1e-9))
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
