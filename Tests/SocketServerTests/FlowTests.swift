import AttuneClient
import Glibc
import LineProtocol
import SocketServer
import Synchronization
import Testing

private func line(_ method: String, id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"# + "\n"
}

/// Answers `metrics` with a long text.
private struct LongWinded: RequestHandler {
    let text: String
    let answered = Counter()

    init(length: Int) { text = String(repeating: "x", count: length) }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        answered.add()
        return MetricsResult(text: text)
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}

/// Lets each request wait for a burst, which comes when the event happens.
private struct Waiter: RequestHandler {
    let burst: Event
    let waiting: Event
    let count: Int
    let started = Counter()

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        guard case .status = call else { return MetricsResult(text: "") }
        context.waitsForBurst()
        started.add()
        if started.value == count { waiting.happen() }
        try await burst.wait()
        return MetricsResult(text: "")
    }
}

@Suite(.timeLimit(.minutes(15))) struct `The flow of requests` {
    @Test func `replies come when they are ready and not in order`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            wire.send(line("status", id: 1) + line("metrics", id: 2))
            #expect(try await wire.result() == .integer(2))
            gate.open()
            #expect(try await wire.result() == .integer(1))
        }
    }

    @Test func `sixteen are in flight and the seventeenth waits its turn`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            for id in 1...16 { wire.send(line("status", id: id)) }
            try await gate.wait { $0.started == 16 }
            // Answered at once if it is read, since `metrics` does not wait at the gate.
            wire.send(line("metrics", id: 17))
            // A second connection is not held up, and shows that the server has had its chance to read the first.
            let other = try Wire(path)
            for id in 1...50 {
                other.send(line("metrics", id: id))
                #expect(try await other.result() == .integer(Int64(id)))
            }
            #expect(await gate.started == 16 + 50)
            gate.open()
            var ids: Set<RequestID> = []
            for _ in 1...17 { ids.insert(try await wire.result()) }
            #expect(ids == Set((1...17).map { RequestID.integer($0) }))
        }
    }

    @Test func `requests that wait for a burst do not count`() async throws {
        let waiter = Waiter(burst: Event(), waiting: Event(), count: 40)
        try await serving(waiter) { path, _ in
            let wire = try Wire(path)
            for id in 1...40 { wire.send(line("status", id: id)) }
            try await waiter.waiting.wait()
            wire.send(line("metrics", id: 41))
            #expect(try await wire.result() == .integer(41))
            waiter.burst.happen()
            for _ in 1...40 { _ = try await wire.result() }
        }
    }

    @Test func `but not without end`() async throws {
        let waiter = Waiter(burst: Event(), waiting: Event(), count: 4)
        var limits = ServerLimits()
        limits.waiting = 4
        limits.inFlight = 1
        try await serving(waiter, limits: limits) { path, _ in
            let wire = try Wire(path)
            for id in 1...5 { wire.send(line("status", id: id)) }
            try await waiter.waiting.wait()
            let other = try Wire(path)
            for id in 1...50 {
                other.send(line("metrics", id: id))
                _ = try await other.result()
            }
            #expect(waiter.started.value == 4)
            waiter.burst.happen()
            for _ in 1...5 { _ = try await wire.result() }
        }
    }

    @Test func `a client that does not read its replies is not read either`() async throws {
        let handler = LongWinded(length: 100_000)
        let answered = handler.answered
        try await serving(handler, shutdownLimit: .zero) { path, server in
            let descriptor = try connectPlainly(path)
            defer { close(descriptor) }
            // 16,000 requests in 1 MB would be 1.6 GB of replies; what fits is the watermark, the kernel's buffer and
            // what is in flight. Sending ends when the server does not read any more.
            let requests = Array((1...16_000).map { line("metrics", id: $0) }.joined().utf8)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var sent = 0
            var asked = 0
            let client = try AttuneClient(path: path)
            var quietRounds = 0
            while quietRounds < 20 {
                let count = requests.withUnsafeBytes {
                    send(descriptor, $0.baseAddress.map { $0 + sent }, requests.count - sent, Int32(MSG_NOSIGNAL))
                }
                let before = answered.value
                // Each call goes through the same event loop and so gives it a turn with the other connection.
                for _ in 1...5 { _ = try await client.metrics() }
                asked += 5
                if count > 0 { sent += count }
                quietRounds = count <= 0 && answered.value == before + 5 ? quietRounds + 1 : 0
                try #require(sent < requests.count)
            }
            print("a client that does not read: \(answered.value - asked) of 16000 answered, \(sent) bytes taken")
        }
    }

    @Test func `a connection closes only when its replies are out`() async throws {
        // More than the kernel takes at once, so that a part is still to be sent when nothing else is to be done.
        try await serving(LongWinded(length: 4 << 20)) { path, _ in
            let wire = try Wire(path)
            wire.send(line("metrics", id: 1))
            wire.finishSending()
            #expect(try await wire.result() == .integer(1))
            #expect(try await wire.next() == nil)
        }
    }

    @Test func `an id is taken while its request is in flight`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            wire.send(line("status", id: 1) + line("metrics", id: 1))
            #expect(try await wire.error(.integer(1)).reason == "duplicateID")
            gate.open()
            #expect(try await wire.result() == .integer(1))
            wire.send(line("metrics", id: 1))
            #expect(try await wire.result() == .integer(1))
        }
    }

    @Test func `cancelling ends the handler's task`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            wire.send(line("status", id: 1))
            try await gate.wait { $0.started == 1 }
            wire.send(#"{"jsonrpc":"2.0","id":"c","method":"$/cancelRequest","params":{"id":1}}"# + "\n")
            var cancelled = false
            for _ in 1...2 {
                switch try await wire.next() {
                case .error(let error, .integer(1)): cancelled = error.code == .cancelled
                case .result(let result, .string("c")): #expect(result == ["cancelled": true])
                case let message: Issue.record("unexpected \(String(describing: message))")
                }
            }
            #expect(cancelled)
            #expect(await gate.cancelled == 1)
        }
    }

    @Test func `a client that goes away takes its requests with it`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            for id in 1...16 { wire.send(line("status", id: id)) }
            try await gate.wait { $0.started == 16 }
            // Under back-pressure too, when nothing is read from the connection.
            wire.close()
            try await gate.wait { $0.cancelled == 16 }
        }
    }

    @Test func `progress goes to the connection under its token, before the reply`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let wire = try Wire(path)
            let parameters = #"{"method":"head","progressToken":"p"}"#
            wire.send(#"{"jsonrpc":"2.0","id":1,"method":"tuning/start","params":\#(parameters)}"# + "\n")
            #expect(try await wire.next() == .progress(["step": 1], token: .string("p")))
            #expect(try await wire.result() == .integer(1))
        }
    }
}

/// A connected descriptor that nobody reads from.
func connectPlainly(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(result == 0)
    return descriptor
}
