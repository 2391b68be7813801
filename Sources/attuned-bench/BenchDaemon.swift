import ArgumentParser
import Foundation

/// A daemon that was started to be measured, with a state directory of its own.
final class BenchDaemon {
    /// Why it cannot be measured.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Milliseconds from starting the program to its READY=1.
    let milliseconds: Double
    let folder: BenchFolder
    private let process: Process

    var socket: String { folder.path("socket") }

    /// Starts the program `attuned` beside this one, and returns when it is ready.
    init(model: String, config: String?, folder: BenchFolder) throws {
        self.folder = folder
        let own = try URL(filePath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let program = own.deletingLastPathComponent().appending(path: "attuned")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw Failure(description: "\(program.path): the daemon is not beside this program; build it first")
        }
        let notifications = try NotifySocket(path: folder.path("notify"))
        let output = URL(filePath: folder.path("log"))
        try Data().write(to: output)
        let log = try FileHandle(forWritingTo: output)
        process = Process()
        process.executableURL = program
        process.arguments =
            [
                "--model", model, "--state-directory", folder.path("state"), "--socket", folder.path("socket"),
                "--log-level", "warning",
            ] + (config.map { ["--config", $0] } ?? [])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ATTUNED_") }
        // What this process was given when it chose its kernels; the daemon chooses its own, which takes its time.
        environment["OPENBLAS_CORETYPE"] = nil
        environment["NOTIFY_SOCKET"] = folder.path("notify")
        process.environment = environment

        let clock = ContinuousClock()
        let start = clock.now
        try process.run()
        let isReady = notifications.waitUntilReady(seconds: 60)
        milliseconds = (clock.now - start) / .milliseconds(1)
        guard isReady else {
            if process.isRunning { process.terminate() }
            let log = (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? ""
            throw Failure(description: "the daemon did not become ready within a minute:\n\(log)")
        }
    }

    /// Lets it end, and waits for that.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// A number of kilobytes from its /proc/…/status, such as VmRSS, in megabytes.
    func memory(_ field: String) throws -> Double {
        let path = "/proc/\(process.processIdentifier)/status"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("\(field):") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw Failure(description: "\(path) has no \(field)") }
        return kilobytes / 1024
    }
}

/// A folder below the temporary one, removed when nobody uses it any more.
final class BenchFolder {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "attuned-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Where the file `name` in it is, or would be.
    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}

/// The socket on which a service says that it is ready, from the manager's end.
private final class NotifySocket {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard descriptor >= 0, path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchDaemon.Failure(description: "\(path): no socket can be made there")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else {
            throw BenchDaemon.Failure(description: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Whether READY=1 came within `seconds`.
    func waitUntilReady(seconds: Int) -> Bool {
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return false }
            let lines = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n")
            if lines.contains("READY=1") { return true }
        }
    }
}

/// Which daemon is measured: one that runs, or one that is started for it.
struct DaemonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Socket of a running daemon.", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("Model directory: start a daemon with it, on an empty state.", valueName: "directory"))
    var model: String?

    @Option(help: ArgumentHelp("YAML file with settings of the daemon that is started.", valueName: "file"))
    var config: String?

    func validate() throws {
        guard socket != nil || model != nil else {
            throw ValidationError("give --socket, or --model to start a daemon")
        }
        guard socket == nil || config == nil else { throw ValidationError("--config is for a daemon that is started") }
    }

    /// Calls `body` with the socket, and the folder of the state where the daemon was started for this.
    func withDaemon(_ body: (_ socket: String, _ folder: BenchFolder?) async throws -> Void) async throws {
        if let socket { return try await body(socket, nil) }
        let folder = try BenchFolder()
        let daemon = try BenchDaemon(model: model ?? "", config: config, folder: folder)
        defer { daemon.stop() }
        try await body(daemon.socket, folder)
    }
}
