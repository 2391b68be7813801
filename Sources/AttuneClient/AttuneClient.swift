import Dispatch
import Foundation
public import LineProtocol

/// A connection to the daemon attuned.
///
/// Any number of calls may be made at once; their requests share the connection, and replies come in any order. The daemon works on
/// ``Limits/inFlight`` of them at a time and reads the others later. Cancelling a task that waits for a reply tells the daemon.
public final class AttuneClient: Sendable {
    private let connection: LineConnection
    private let calls: PendingCalls
    private let timeout: Duration?

    /// Connects to the daemon's socket.
    ///
    /// - Parameter timeout: how long calls wait for their replies that say nothing else; nil for as long as it takes.
    public init(path: String, timeout: Duration? = nil) throws(ClientError) {
        self.timeout = timeout
        let calls = PendingCalls()
        self.calls = calls
        connection = try LineConnection(path: path, onLine: { calls.receive($0) }, onEnd: { calls.end() })
    }

    /// Ends the connection; calls that wait fail with ``ClientError/closed``.
    public func close() { connection.close() }

    /// Makes a call and reads its result as `Value`, which must be the type that belongs to the call's method.
    ///
    /// `progress` is called for each notification of progress, on the connection's reading thread.
    public func call<Value: Decodable>(
        _ call: Call,
        as type: Value.Type = Value.self,
        timeout: Duration? = nil,
        progress: (@Sendable (JSONValue) -> Void)? = nil
    ) async throws(ClientError) -> Value {
        let line = try await reply(to: call, timeout: timeout, progress: progress)
        do {
            return try JSONDecoder().decode(Envelope<Value>.self, from: Data(line)).result
        } catch {
            throw .malformedReply("\(call.method.rawValue) did not answer with \(Value.self): \(error)")
        }
    }

    /// Makes a call and returns the line that answers it, without its terminator.
    public func reply(
        to call: Call,
        timeout: Duration? = nil,
        progress: (@Sendable (JSONValue) -> Void)? = nil
    ) async throws(ClientError) -> [UInt8] {
        let id = calls.nextID()
        let line: [UInt8]
        do {
            line = try call.line(id: .integer(id), progressToken: progress == nil ? nil : .integer(id))
        } catch {
            throw .invalidCall("\(error)")
        }
        if let fault = Self.fault(in: line) { throw .invalidCall(fault) }
        guard line.count - 1 <= Limits.lineBytes else {
            throw .invalidCall("its line has \(line.count - 1) bytes; more than \(Limits.lineBytes) are not sent")
        }
        let calls = calls
        let connection = connection
        let reply = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard calls.add(id, continuation, progress: progress) else { return }
                connection.send(line)
                guard let timeout = timeout ?? self.timeout else { return }
                Self.timers.asyncAfter(deadline: .now() + timeout.seconds) { [weak calls, weak connection] in
                    if calls?.finish(id, .failure(.timedOut)) == true { connection?.send(Self.cancellation(of: id)) }
                }
            }
        } onCancel: {
            if calls.cancel(id) { connection.send(Self.cancellation(of: id)) }
        }
        calls.forget(id)
        return try reply.get()
    }

    /// Sends lines as they are over a connection of their own and hands on each line that comes back, until the daemon
    /// has answered all and closes.
    public static func raw(
        _ lines: [String],
        path: String,
        onReply: @escaping @Sendable (String) -> Void
    ) async throws(ClientError) {
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        let connection = try LineConnection(
            path: path,
            onLine: { onReply(String(decoding: $0, as: UTF8.self)) },
            onEnd: { end.finish() }
        )
        for line in lines { connection.send(Array((line + "\n").utf8)) }
        connection.finishSending()
        for await _ in ends {}
        connection.close()
    }

    /// What the daemon would refuse the whole line for, without a word of whose it is; nil for nothing.
    private static func fault(in line: [UInt8]) -> String? {
        let mark = Array(#"\u0000"#.utf8)
        // The mark may also be text, behind an escaped backslash.
        guard line.indices.contains(where: { line[$0] == 0 || line[$0] == mark[0] && line[$0...].starts(with: mark) })
        else { return nil }
        do {
            _ = try JSONValue(parsing: Array(line.dropLast()))
            return nil
        } catch {
            return error.message
        }
    }

    private struct Envelope<Value: Decodable>: Decodable {
        let result: Value
    }

    private static let timers = DispatchQueue(label: "attuned.client.timers")

    private static func cancellation(of id: Int64) -> [UInt8] {
        Array(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"#.utf8) + [UInt8(ascii: "\n")]
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
