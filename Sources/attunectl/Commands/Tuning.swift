import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl tuning`.
struct Tuning: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start, watch and cancel bursts of tuning.",
        subcommands: [Start.self, Show.self, Cancel.self],
        defaultSubcommand: Show.self
    )

    /// A burst in a line.
    static func line(_ burst: BurstInfo) -> String {
        let loss = burst.loss.map { ", loss \(Text.decimals($0))" } ?? ""
        let revision = burst.revision.map { ", revision \($0)" } ?? ""
        let reason = burst.reason.map { ": \(Text.plain($0))" } ?? ""
        let kind = burst.rebuild ? "rebuild, \(burst.method.rawValue)" : burst.method.rawValue
        return "\(burst.id) \(burst.state.rawValue) (\(kind), step \(burst.step) of \(burst.steps)"
            + "\(loss)\(revision))\(reason)"
    }

    /// - Parameter coda: what is said of a burst that is not over, too.
    private static func write(_ burst: BurstInfo?, coda: String = "", _ output: OutputOptions) throws {
        try output.write(BurstResult(burst)) {
            guard let burst else { return ["no burst"] }
            let isOn = [.waiting, .running, .judging].contains(burst.state)
            return ["burst \(line(burst))\(isOn ? coda : "")"]
        }
    }

    struct Start: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Start a burst.")

        @Option(name: .long, help: "What it may change.")
        var method: TuningMethod?

        @Option(name: .long, help: "Seed of its random choices.")
        var seed: Int?

        @Flag(help: "Begin from the base model, with all corrections, instead of going on from what serves.")
        var rebuild = false

        @Option(name: .long, help: "What to wait for: 'started' or 'finished'.")
        var wait = StartTuningParameters.Wait.started

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let parameters = StartTuningParameters(method: method, seed: seed, rebuild: rebuild, wait: wait)
            let burst = try await client.startTuning(parameters)
            try Tuning.write(burst, output)
            if wait == .finished, let burst, burst.state != .published {
                throw Failure(.refused, "nothing was published: burst \(burst.id) is \(burst.state.rawValue)")
            }
        }
    }

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Show the burst that runs, or ran last."
        )

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            try Tuning.write(try await client.tuningStatus(), output)
        }
    }

    struct Cancel: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Stop the burst that runs.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            try Tuning.write(try await client.cancelTuning(), coda: ", and is being cancelled", output)
        }
    }
}
