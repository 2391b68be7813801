import AttuneClient
import Foundation
import LineProtocol
import Logging
import SocketServer
import Testing

/// A folder that is gone when the test is over, for sockets whose path must be short.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/attuned-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs `body` beside a server on a socket of its own, and shuts it down afterwards.
func serving(
    _ handler: any RequestHandler,
    policy: AccessPolicy = .standard(daemonUser: geteuid(), socketGroup: nil),
    limits: ServerLimits = ServerLimits(),
    shutdownLimit: Duration = .seconds(20),
    _ body: (_ path: String, _ server: SocketServer) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/socket"
    let server = try await SocketServer.start(
        on: .bind(path: path),
        policy: policy,
        limits: limits,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        handler: handler
    )
    let outcome: Result<Void, any Error>
    do {
        try await body(path, server)
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await server.shutdown(within: shutdownLimit)
    #expect(!FileManager.default.fileExists(atPath: path))
    try outcome.get()
}

/// A connection whose lines are read one by one.
final class Wire {
    private let connection: LineConnection
    private var lines: AsyncStream<[UInt8]>.Iterator

    init(_ path: String) throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        connection = try LineConnection(
            path: path,
            onLine: { continuation.yield($0) },
            onEnd: { continuation.finish() }
        )
        lines = stream.makeAsyncIterator()
    }

    func send(_ text: String) { connection.send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) { connection.send(bytes) }
    func finishSending() { connection.finishSending() }
    func close() { connection.close() }

    /// The next message; nil at the end.
    func next() async throws -> ServerMessage? {
        guard let line = await lines.next(isolation: #isolation) else { return nil }
        guard let message = ServerMessage(line: line) else { throw Unexpected() }
        return message
    }

    /// The error of the next message, which must be one, for this id.
    func error(_ id: RequestID? = nil) async throws -> ProtocolError {
        guard case .error(let error, id)? = try await next() else { throw Unexpected() }
        return error
    }

    /// The id of the next message, which must be a result.
    func result() async throws -> RequestID {
        guard case .result(_, let id)? = try await next() else { throw Unexpected() }
        return id
    }

    struct Unexpected: Error {}
}

/// Answers `status` when it is allowed to, and counts what it was asked.
actor Gate: RequestHandler {
    private(set) var started = 0
    private(set) var finished = 0
    private(set) var cancelled = 0
    private var watchers: [(condition: (Gate) -> Bool, event: Event)] = []
    private let opening = Event()

    nonisolated func open() { opening.happen() }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        started += 1
        notify()
        if case .metrics = call { return MetricsResult(text: "") }
        do {
            try await opening.wait()
            finished += 1
            notify()
            return MetricsResult(text: "through the gate")
        } catch {
            cancelled += 1
            notify()
            throw error
        }
    }

    /// Waits until the counts fulfil `condition`.
    func wait(until condition: @Sendable @escaping (isolated Gate) -> Bool) async throws {
        if condition(self) { return }
        let event = Event()
        watchers.append(({ gate in gate.assumeIsolated { condition($0) } }, event))
        try await event.wait()
    }

    private func notify() {
        watchers.removeAll { watcher in
            guard watcher.condition(self) else { return false }
            watcher.event.happen()
            return true
        }
    }
}

/// Answers all but `metrics` when it is allowed to, whether it was cancelled or not.
actor StubbornGate: RequestHandler {
    private(set) var started = 0
    private(set) var cancelled = 0
    private let opening = Event()

    nonisolated func open() { opening.happen() }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        if case .metrics = call { return MetricsResult(text: "") }
        started += 1
        await withTaskCancellationHandler {
            await Task { [opening] in try? await opening.wait() }.value
        } onCancel: {
            Task { await note() }
        }
        return MetricsResult(text: "at last")
    }

    private func note() { cancelled += 1 }

    /// Waits until the counts fulfil `condition`.
    func wait(until condition: @Sendable (isolated StubbornGate) -> Bool) async {
        while !condition(self) { await Task.yield() }
    }
}
