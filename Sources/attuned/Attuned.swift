import ArgumentParser
import Tensors

/// The daemon and what is done to its state directory.
@main struct Attuned: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attuned",
        abstract: "Serve a pretrained transformer on a Unix-domain socket, and learn from corrections.",
        discussion: """
            A model directory as published on the Hugging Face Hub, a directory for its state and a socket are all it \
            needs:

              attuned --model ./all-MiniLM-L6-v2 --state-directory ./state \\
                      --socket ./attuned.sock --labels billing,shipping,returns

            Then ask and teach with attunectl, or with any client that writes JSON-RPC lines.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, CheckCommand.self, ExportCommand.self, BackupCommand.self, VerifyCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)

    static func main() async {
        // First of all: it may execute the process again, with kernels that fit the processor.
        Processor.chooseKernels()
        await main(nil)
    }
}
