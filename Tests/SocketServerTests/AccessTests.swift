import AttuneClient
import Glibc
import LineProtocol
import SocketServer
import Testing

@Suite struct `Roles` {
    private let everything = Set(Role.allCases)

    @Test func `by default`() {
        let policy = AccessPolicy.standard(daemonUser: 500, socketGroup: 33)
        #expect(policy.roles(uid: 0, groups: [0]) == everything)
        #expect(policy.roles(uid: 500, groups: [500]) == everything)
        #expect(policy.roles(uid: 1000, groups: [1000, 33]) == [.predict, .teach])
        #expect(policy.roles(uid: 1000, groups: [1000]) == [])
    }

    @Test func `an overflow id has none, whatever its groups`() {
        var policy = AccessPolicy.standard(daemonUser: 500, socketGroup: 33)
        policy.users[65534] = everything
        policy.groups[65534] = everything
        #expect(policy.roles(uid: 65534, groups: [33, 0]) == [])
        #expect(policy.roles(uid: 1000, groups: [65534]) == [])
    }

    @Test func `add up over users and groups`() {
        let policy = AccessPolicy(users: [1000: [.predict]], groups: [7: [.teach], 8: [.admin]])
        #expect(policy.roles(uid: 1000, groups: [7]) == [.predict, .teach])
        #expect(policy.roles(uid: 1001, groups: [7, 8]) == [.teach, .admin])
    }
}

@Suite(.timeLimit(.minutes(15))) struct `Peers of a socket` {
    /// Answers with who asked.
    private struct Mirror: RequestHandler {
        func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
            let peer = context.peer
            let groups = peer.groups.sorted().map(String.init).joined(separator: ",")
            return MetricsResult(text: "\(peer.uid) \(peer.gid) \(groups) \(peer.roles.map(\.rawValue).sorted())")
        }
    }

    @Test func `are known as the kernel knows them`() async throws {
        var groups = [gid_t](repeating: 0, count: Int(getgroups(0, nil)))
        #expect(getgroups(Int32(groups.count), &groups) == groups.count)
        let policy = AccessPolicy(users: [geteuid(): [.predict]])
        try await serving(Mirror(), policy: policy) { path, _ in
            let client = try AttuneClient(path: path)
            let expected = groups.sorted().map(String.init).joined(separator: ",")
            #expect(try await client.metrics() == "\(geteuid()) \(getegid()) \(expected) [\"predict\"]")
        }
    }

    @Test(arguments: Method.allCases) func `need the role of the method`(method: Method) async throws {
        for role in [nil, Role.predict, .teach, .admin] {
            let policy = AccessPolicy(users: [geteuid(): role.map { [$0] } ?? []])
            try await serving(Gate(), policy: policy) { path, _ in
                let wire = try Wire(path)
                // Without its parameters most methods are refused later; a missing role comes first.
                wire.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method.rawValue)","params":{"x":1}}"# + "\n")
                let error = try await wire.error(.integer(1))
                #expect(error.code == (role == method.role ? .invalidParameters : .forbidden))
                if role != method.role { #expect(error.message.contains("'\(method.role.rawValue)'")) }
            }
        }
    }

    @Test func `are so many at most`() async throws {
        var limits = ServerLimits()
        limits.connections = 3
        try await serving(StubDaemon(), limits: limits) { path, server in
            let wires = try (1...3).map { _ in try Wire(path) }
            for wire in wires {
                wire.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
                #expect(try await wire.result() == .integer(1))
            }
            #expect(server.connectionCount == 3)
            let fourth = try Wire(path)
            let error = try await fourth.error()
            #expect(error.code == .overloaded)
            #expect(error.details["retryAfterMs"] != nil)
            #expect(try await fourth.next() == nil)
            // One that has left makes room.
            wires[0].finishSending()
            #expect(try await wires[0].next() == nil)
            let fifth = try Wire(path)
            fifth.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
            #expect(try await fifth.result() == .integer(1))
            #expect(server.connectionCount == 3)
            // Connections close with their last reference.
            withExtendedLifetime((wires, fifth)) {}
        }
    }

    @Test func `are so many of one user at most, root excepted`() async throws {
        var limits = ServerLimits()
        limits.connectionsPerUser = 2
        try await serving(StubDaemon(), limits: limits) { path, _ in
            let wires = try (1...3).map { _ in try Wire(path) }
            var refused = 0
            for wire in wires {
                wire.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
                switch try await wire.next() {
                case .result: break
                case .error(let error, nil):
                    #expect(error.reason == "tooManyConnections")
                    refused += 1
                case let message: Issue.record("unexpected \(String(describing: message))")
                }
            }
            #expect(refused == (geteuid() == 0 ? 0 : 1))
        }
    }

    @Test func `take a place for as long as something is done for them`() async throws {
        let gate = StubbornGate()
        var limits = ServerLimits()
        limits.connections = 3
        limits.connectionsPerUser = 3
        try await serving(gate, limits: limits) { path, server in
            defer { gate.open() }
            for number in 1...3 {
                let wire = try Wire(path)
                wire.send(#"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n")
                await gate.wait { $0.started == number }
                wire.close()
                // The server knows that it has gone.
                await gate.wait { $0.cancelled == number }
            }
            let late = try Wire(path)
            late.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
            #expect(try await late.error().reason == "tooManyConnections")
            #expect(try await late.next() == nil)
            gate.open()
            // What is over makes room.
            while server.connectionCount > 0 { await Task.yield() }
            let next = try Wire(path)
            next.send(#"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n")
            #expect(try await next.result() == .integer(1))
        }
    }
}
