import AttuneClient
import Foundation
import LineProtocol
import Synchronization
import Testing

/// A real daemon with the default model, in a directory of its own below the temporary one.
final class DaemonProcess: Sendable {
    /// How a daemon ended.
    struct Exit: Equatable, Sendable {
        let code: Int32
        let wasSignalled: Bool
    }

    /// Thrown when the daemon ends before it is ready.
    struct DidNotStart: Error, CustomStringConvertible {
        let exit: Exit
        let log: String
        var description: String { "the daemon ended with \(exit): \(log)" }
    }

    private enum State {
        case running([CheckedContinuation<Exit, Never>])
        case ended(Exit)
    }

    let folder: URL
    private let process: Process
    private let state = Mutex(State.running([]))

    var socket: String { folder.appending(path: "socket").path(percentEncoded: false) }
    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    /// Starts a daemon on the state in `folder` (a new one if nil) and returns once it says that it is ready.
    static func start(
        in folder: URL? = nil, labels: [String] = ["alpha", "beta"], settings: String = "", options: [String] = []
    ) async throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            folder: folder ?? temporaryFolder(), labels: labels, settings: settings, options: options)
        try await daemon.becomeReady()
        return daemon
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "attuned-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// The path of a program that was built with the tests.
    static func binary(_ name: String) throws -> String {
        let folder = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_BINARIES"], "set ATTUNED_BINARIES to where 'attuned' was built"
        )
        return "\(folder)/\(name)"
    }

    private init(folder: URL, labels: [String], settings: String, options: [String]) throws {
        self.folder = folder
        let model = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_MODEL"], "set ATTUNED_MODEL to the default model's directory")
        let quoted = labels.map { "\"\($0)\"" }.joined(separator: ", ")
        let file = folder.appending(path: "settings.yaml")
        try """
        labels: [\(quoted)]
        learning: {idleSeconds: 0.2}
        \(settings)
        """.write(to: file, atomically: true, encoding: .utf8)
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        process = Process()
        process.executableURL = URL(filePath: try Self.binary("attuned"))
        process.arguments =
            [
                "--model", model, "--state-directory", folder.appending(path: "state").path(percentEncoded: false),
                "--socket", folder.appending(path: "socket").path(percentEncoded: false),
                "--config", file.path(percentEncoded: false),
            ] + options
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ATTUNED_") }
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
    }

    /// Starts the process and waits for its READY=1, or its end.
    private func becomeReady() async throws {
        let notifications = try NotificationSocket(path: folder.appending(path: "notify").path(percentEncoded: false))
        process.environment?["NOTIFY_SOCKET"] = notifications.path
        process.terminationHandler = { [self] process in
            finish(Exit(code: process.terminationStatus, wasSignalled: process.terminationReason == .uncaughtSignal))
            NotificationSocket.send("EXITED=1", to: notifications.path)
        }
        try process.run()
        guard await notifications.wait(for: "READY=1", orEnd: "EXITED=1") else {
            throw DidNotStart(exit: await exit(), log: log)
        }
    }

    /// Sends `signal` and waits for the end.
    @discardableResult func stop(_ signal: Int32 = SIGTERM) async -> Exit {
        kill(process.processIdentifier, signal)
        return await exit()
    }

    /// Sends `signal` and goes on.
    func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Ends the daemon, if it still runs, and removes its folder.
    func remove() async {
        await stop(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    /// How the daemon ended, once it has.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> Exit? in
                if case .ended(let exit) = state { return exit }
                if case .running(let waiters) = state { state = .running(waiters + [continuation]) }
                return nil
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    private func finish(_ exit: Exit) {
        let waiters = state.withLock { state -> [CheckedContinuation<Exit, Never>] in
            guard case .running(let waiters) = state else { return [] }
            state = .ended(exit)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
