import ArgumentParser

/// Measures a running daemon from outside, through its socket.
@main struct AttunedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attuned-bench", abstract: "Measure a running attuned daemon through its socket.",
        discussion: """
            The daemon should be one that was started for this, on an empty state directory: it is taught what is measured.
            Timings of one run on a quiet machine can be compared with each other, and with nothing else.
            """,
        subcommands: [CorrectionCommand.self, LatencyCommand.self])
}
