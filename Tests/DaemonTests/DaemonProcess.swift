import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

/// A real daemon with the default model, in a directory of its own below the temporary one.
final class DaemonProcess: Sendable {
    /// A listening socket that the daemon finds as its third descriptor, as from a service manager.
    struct SocketActivation {
        let listener: Int32
        /// Whether the environment says that the socket is for the daemon, or for another process.
        var isForDaemon = true
    }

    /// Thrown when the daemon ends before it is ready.
    struct DidNotStart: Error, CustomStringConvertible {
        let exit: ChildProcess.Exit
        let log: String
        var description: String { "the daemon ended with \(exit): \(log)" }
    }

    let folder: URL
    private let process: ChildProcess
    private let notifications: NotificationSocket

    var socket: String { folder.appending(path: "socket").path(percentEncoded: false) }
    /// What it has told the service manager.
    var told: Set<String> { notifications.received }
    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    /// Starts a daemon on the state in `folder` (a new one if nil) and returns once it says that it is ready.
    static func start(
        in folder: URL? = nil, labels: [String] = ["alpha", "beta"], settings: String = "", options: [String] = [],
        activation: SocketActivation? = nil
    ) async throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            folder: folder ?? temporaryFolder(), labels: labels, settings: settings, options: options,
            activation: activation)
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

    private init(
        folder: URL, labels: [String], settings: String, options: [String], activation: SocketActivation?
    ) throws {
        self.folder = folder
        let model = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_MODEL"], "set ATTUNED_MODEL to the default model's directory")
        let quoted = labels.map { "\"\($0)\"" }.joined(separator: ", ")
        let file = folder.appending(path: "settings.yaml")
        try """
        labels: [\(quoted)]
        \(settings.contains("learning:") ? "" : "learning: {idleSeconds: 0.2}")
        \(settings)
        """.write(to: file, atomically: true, encoding: .utf8)
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        // Of its own name: the end of a daemon that ran here before is told to the old one.
        let notify = folder.appending(path: "notify-\(UUID().uuidString.prefix(8))")
        notifications = try NotificationSocket(path: notify.path(percentEncoded: false))
        var environment = ChildProcess.defaultEnvironment
        environment["NOTIFY_SOCKET"] = notifications.path
        let words =
            [
                "--model", model, "--state-directory", folder.appending(path: "state").path(percentEncoded: false),
                "--socket", folder.appending(path: "socket").path(percentEncoded: false),
                "--config", file.path(percentEncoded: false),
            ] + options
        let binary = try Self.binary("attuned")
        // The shell knows the process id that the daemon will have.
        let activated = activation.map {
            ["-c", "LISTEN_FDS=1 LISTEN_PID=\($0.isForDaemon ? "$$" : "1") exec \"$0\" \"$@\"", binary]
        }
        process = try ChildProcess(
            activated == nil ? binary : "/bin/sh", (activated ?? []) + words, environment: environment,
            output: handle.fileDescriptor, errors: handle.fileDescriptor,
            others: activation.map { [$0.listener] } ?? [])
    }

    /// Waits for the process's READY=1, or its end.
    private func becomeReady() async throws {
        let (process, path) = (process, notifications.path)
        Task {
            _ = await process.exit()
            NotificationSocket.send("EXITED=1", to: path)
        }
        guard await notifications.wait(for: "READY=1", orEnd: "EXITED=1") else {
            throw DidNotStart(exit: await exit(), log: log)
        }
    }

    /// Sends `signal` and waits for the end.
    @discardableResult func stop(_ signal: Int32 = SIGTERM) async -> ChildProcess.Exit {
        process.signal(signal)
        return await exit()
    }

    /// Sends `signal` and goes on.
    func signal(_ signal: Int32) { process.signal(signal) }

    /// Megabytes that it has in memory and that no file has.
    func anonymousMemory() throws -> Int {
        let memory = try process.memory("RssAnon") / 1024
        try #require(memory > 0)
        return memory
    }

    /// Ends the daemon, if it still runs, and removes its folder.
    func remove() async {
        await stop(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    /// How the daemon ended, once it has.
    func exit() async -> ChildProcess.Exit { await process.exit() }
}
