import ArgumentParser
import Tensors

/// Measures the engine in this process, and a daemon from outside through its socket.
@main struct AttunedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attuned-bench",
        abstract: "Measure attuned: the engine in this process, a daemon through its socket.",
        discussion: """
            Timings of one run on a quiet machine can be compared with each other, and with nothing else. A daemon that is \
            measured should be one that was started for this, on an empty state directory: it is taught what is measured.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Engine",
                subcommands: [
                    LimitsCommand.self, EngineCommand.self, TextsCommand.self, TokenizeCommand.self, StepsCommand.self,
                ]),
            CommandGroup(
                name: "Daemon",
                subcommands: [
                    StartCommand.self, SocketCommand.self, LatencyCommand.self, CorrectionCommand.self,
                ]),
        ])

    static func main() async {
        // First of all: it may execute the process again, with kernels that fit the processor, as the daemon does.
        Processor.chooseKernels()
        await main(nil)
    }
}
