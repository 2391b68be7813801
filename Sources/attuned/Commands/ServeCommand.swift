import ArgumentParser
import Foundation

/// Runs the daemon until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon (the default).",
        discussion: """
            Answers requests on the socket until SIGTERM or SIGINT; then requests in flight are answered, the state is \
            closed, and it exits with 0. Settings come from the file, are overridden by the environment \
            (ATTUNED_MODEL, …), and those by options. Exits with 78 when the configuration is wrong, with 1 when \
            something else keeps it from starting.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(
        help: """
            Accept a base model other than the one that the state was made from: all corrections are learnt again on it.
            """)
    var relearn = false

    func run() async throws {
        let daemon: Daemon
        do {
            daemon = try await Daemon(settings: options.settings(), relearn: relearn)
        } catch let error as ConfigurationError {
            // The code that tells systemd not to try again before somebody has mended the configuration (EX_CONFIG).
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
            throw ExitCode(78)
        } catch {
            throw ValidationFailure(error)
        }
        try await daemon.run()
    }
}

/// An error that ends the process with its text alone and exit code 1, without the usage.
struct ValidationFailure: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) { description = "\(error)" }
}
