import ArgumentParser
import Foundation
import Glibc
import Logging
import SocketServer
import Storage
import Supervision
import Tokenization
import Transformer

/// Runs the daemon until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon (the default).",
        discussion: """
            Answers requests on the socket until SIGTERM or SIGINT; then requests in flight are answered, the state is \
            closed, and it exits with 0. Settings come from the file, are overridden by the environment \
            (ATTUNED_MODEL, …), and those by options. Exits with 78 when the configuration is wrong, or names a model that \
            cannot be served or is another than the state was made from, with 1 when something else keeps it from starting.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(
        help: """
            Accept a base model other than the one that the state was made from: all corrections are learnt again on it.
            """)
    var relearn = false

    func run() async throws {
        // What comes before the threads and signal handlers that know better. Who reads the log may leave.
        signal(SIGPIPE, SIG_IGN)
        if isatty(STDIN_FILENO) == 0 { signal(SIGHUP, SIG_IGN) }
        let threshold = LogThreshold(.info)
        LoggingSystem.bootstrap(LogHandlers.factory(threshold))
        let notifier = Notifier()
        let daemon: Daemon
        do {
            let options = options
            daemon = try await Daemon(
                source: { () throws(ConfigurationError) in try options.settings() }, relearn: relearn,
                notifier: notifier, threshold: threshold)
        } catch {
            throw failure(error, notifier)
        }
        try await daemon.run()
    }

    /// Says on all ways why the daemon does not start; what to end with.
    private func failure(_ error: any Error, _ notifier: Notifier) -> ExitCode {
        // 78 tells systemd not to try again before somebody has mended the configuration (EX_CONFIG).
        let (number, code): (Int32, Int32) =
            switch error {
            case is ConfigurationError, is ModelError, is TokenizerError: (EINVAL, 78)
            case let error as StorageError: (error.systemNumber, error.code == .otherModel ? 78 : 1)
            case let error as SocketError:
                switch error.kind {
                case .pathTooLong, .notASocket: (EINVAL, 78)
                case .notListening: (EINVAL, 1)
                case .inUse: (EADDRINUSE, 1)
                case .system(let number): (number, 1)
                }
            default: (EIO, 1)
            }
        notifier.failed(errno: number, status: "cannot start: \(error)")
        if LogHandlers.isJournal {
            Logger(label: "attuned").error("cannot start", metadata: ["reason": "\(error)"])
        } else {
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
        }
        return ExitCode(code)
    }
}

extension StorageError {
    /// The system's number for an error of this kind.
    fileprivate var systemNumber: Int32 {
        switch code {
        case .locked: EBUSY
        case .notOwner: EPERM
        case .readOnly: EROFS
        case .corrupt: EUCLEAN
        case .newerFormat, .otherModel: ENOTSUP
        default: EIO
        }
    }
}

/// An error that ends the process with its text alone and exit code 1, without the usage.
struct ValidationFailure: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) { description = "\(error)" }
}
