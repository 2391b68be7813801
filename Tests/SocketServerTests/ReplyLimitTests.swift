import AttuneClient
import Glibc
import LineProtocol
import SocketServer
import Synchronization
import Testing

/// Answers `metrics` with a long text, and `status` with a short one.
private struct Talker: RequestHandler {
    let length: Int
    let long: Event?
    let count: Int
    private let answered = Answered()

    private final class Answered: Sendable {
        let count = Atomic(0)
    }

    /// - Parameter event: happens when so many long answers were given.
    init(length: Int, event: Event? = nil, after count: Int = 0) {
        self.length = length
        self.count = count
        long = event
    }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        guard case .metrics = call else { return MetricsResult(text: "short") }
        if answered.count.add(1, ordering: .relaxed).newValue == count { long?.happen() }
        return MetricsResult(text: String(repeating: "x", count: length))
    }
}

@Suite(.timeLimit(.minutes(15))) struct `Replies` {
    /// `{"jsonrpc":"2.0","id":1,"result":{"text":"…"}}` and its end.
    private static let frame = 46

    @Test(arguments: [0, 1]) func `have at most as many bytes as the limit`(excess: Int) async throws {
        var limits = ServerLimits()
        limits.replyBytes = 10_000
        try await serving(Talker(length: 10_000 - Self.frame + excess), limits: limits) { path, _ in
            let wire = try Wire(path)
            wire.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
            if excess == 0 {
                #expect(try await wire.result() == .integer(1))
            } else {
                let error = try await wire.error(.integer(1))
                #expect(error.code == .invalidParameters && error.reason == "outOfRange")
                #expect(error.message.contains("has 10001 bytes; limits.replyBytes allows 10000"))
            }
            wire.send(#"{"jsonrpc":"2.0","id":2,"method":"status"}"# + "\n")
            #expect(try await wire.result() == .integer(2))
        }
    }

    @Test func `that nobody reads are bounded in all, and short ones come through`() async throws {
        var limits = ServerLimits()
        limits.unreadBytes = 64 << 10
        limits.unreadBytesInAll = 1 << 20
        let all = Event()
        try await serving(Talker(length: 400_000, event: all, after: 16), limits: limits) { path, _ in
            let descriptor = try connectPlainly(path)
            defer { close(descriptor) }
            let lines = (1...16).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"metrics"}"# + "\n" }.joined()
            #expect(send(descriptor, lines, lines.utf8.count, Int32(MSG_NOSIGNAL)) == lines.utf8.count)
            try await all.wait()
            let other = try Wire(path)
            // The last of those replies may still be on its way to the loop.
            var refusal: ProtocolError?
            var id: Int64 = 0
            while refusal == nil {
                id += 1
                try #require(id < 1000)
                other.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"metrics"}"# + "\n")
                if case .error(let error, _)? = try await other.next() { refusal = error }
            }
            #expect(refusal?.code == .overloaded && refusal?.reason == "queueFull")
            #expect(refusal?.message.contains("limits.unreadBytesInAll allows 1048576") == true)
            #expect(refusal?.details["retryAfterMs"] == 1000)
            other.send(#"{"jsonrpc":"2.0","id":"short","method":"status"}"# + "\n")
            #expect(try await other.result() == .string("short"))

            // Read, the first client's replies are what was let through, and errors for the others.
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var (ends, bytes) = (0, 0)
            while ends < 16 {
                let count = read(descriptor, &buffer, buffer.count)
                try #require(count > 0)
                bytes += count
                ends += buffer[..<count].count(where: { $0 == UInt8(ascii: "\n") })
            }
            // What the kernel took comes on top of the limit.
            #expect((400_000...3_000_000).contains(bytes), "\(bytes) bytes")
            other.send(#"{"jsonrpc":"2.0","id":"long","method":"metrics"}"# + "\n")
            #expect(try await other.result() == .string("long"))
        }
    }
}
