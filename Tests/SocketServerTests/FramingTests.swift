import LineProtocol
import SocketServer
import Testing

/// A `predict` request whose line has exactly `length` bytes.
private func request(length: Int, id: Int = 1) -> String {
    let head = #"{"jsonrpc":"2.0","id":\#(id),"method":"predict","params":{"input":""#
    let tail = #""}}"#
    return head + String(repeating: "x", count: length - head.utf8.count - tail.utf8.count) + tail
}

@Suite(.timeLimit(.minutes(15))) struct `Lines over a socket` {
    @Test(arguments: ["\n", "\r\n"]) func `a line may have as many bytes as the limit`(terminator: String) async throws
    {
        try await serving(StubDaemon()) { path, _ in
            let wire = try Wire(path)
            wire.send(request(length: Limits.lineBytes) + terminator)
            #expect(try await wire.result() == .integer(1))
            wire.send(request(length: Limits.lineBytes, id: 2) + terminator + request(length: 100, id: 3) + terminator)
            #expect(Set([try await wire.result(), try await wire.result()]) == [.integer(2), .integer(3)])
        }
    }

    @Test func `one byte more is refused and ends the connection`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let wire = try Wire(path)
            wire.send(request(length: 100, id: 7) + "\n" + request(length: Limits.lineBytes + 1) + "\n")
            var errors: [ProtocolError] = []
            var results: [RequestID] = []
            while let message = try await wire.next() {
                switch message {
                case .error(let error, nil): errors.append(error)
                case .result(_, let id): results.append(id)
                default: Issue.record("unexpected \(message)")
                }
            }
            #expect(errors.map(\.reason) == ["lineTooLong"])
            #expect(errors.map(\.code) == [.invalidRequest])
            #expect(results == [.integer(7)])
        }
    }

    @Test func `an endless line is refused before it ends`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let wire = try Wire(path)
            wire.send([UInt8](repeating: 32, count: 8 << 20))
            #expect(try await wire.error().reason == "lineTooLong")
            #expect(try await wire.next() == nil)
        }
    }

    @Test func `an unterminated last line is refused and not done`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            wire.send(request(length: 100))
            wire.finishSending()
            #expect(try await wire.error().reason == "unterminated")
            #expect(try await wire.next() == nil)
            #expect(await gate.started == 0)
        }
    }

    @Test func `a large line does not overtake or get overtaken by what cancels it`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            // Parsed off the event loop, and still before the line behind it.
            wire.send(request(length: 500_000, id: 1) + "\n")
            wire.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"# + "\n")
            #expect(try await wire.error(.integer(1)).code == .cancelled)
            gate.open()
        }
    }

    @Test func `a client that half-closes gets all it is owed`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let wire = try Wire(path)
            for id in 1...40 { wire.send(request(length: 100, id: id) + "\n") }
            wire.finishSending()
            try await gate.wait { $0.started == Limits.inFlight }
            gate.open()
            var ids: Set<RequestID> = []
            for _ in 1...40 { ids.insert(try await wire.result()) }
            #expect(ids.count == 40)
            #expect(try await wire.next() == nil)
        }
    }

    @Test func `notifications get no reply, not even an error`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let wire = try Wire(path)
            for parameters in [#"{"input":"x"}"#, #"{"inputt":"x"}"#, #"{"input":"x","progressToken":[]}"#] {
                wire.send(#"{"jsonrpc":"2.0","method":"predict","params":\#(parameters)}"# + "\n")
            }
            wire.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest"}"# + "\n")
            wire.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
            #expect(try await wire.result() == .integer(1))
            wire.finishSending()
            #expect(try await wire.next() == nil)
        }
    }
}
