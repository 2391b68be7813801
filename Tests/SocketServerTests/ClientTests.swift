import AttuneClient
import Foundation
import LineProtocol
import SocketServer
import Synchronization
import Testing

private func obstacle(_ path: String) -> ClientError.Obstacle? {
    do {
        _ = try AttuneClient(path: path)
        return nil
    } catch {
        if case .unreachable(path, let obstacle) = error { return obstacle }
        return nil
    }
}

@Suite(.timeLimit(.minutes(15))) struct `The client` {
    @Test func `makes every call`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let client = try AttuneClient(path: path)
            #expect(try await client.discover().labels == ["alpha", "beta"])
            #expect(try await client.predict("x", topK: 1).scores.count == 1)
            #expect(try await client.predict(["x", Input("y", textPair: "z")]).count == 2)
            #expect(try await client.embed("x").embedding == [0.1, 0.2])
            #expect(try await client.embed(["x", "y"]).truncated == [false, false])
            let submitted = try await client.submit(
                SubmitParameters("x", label: "alpha", idempotencyKey: "k", weight: 0.1, wait: .published)
            )
            #expect(submitted.sequence == 1)
            #expect(try await client.submit(SubmitParameters("y", label: "beta")).sequence == 2)
            #expect(try await client.correction(1).weight == 0.1)
            let page = try await client.corrections(limit: 1)
            #expect(try await client.corrections(cursor: page.nextCursor).corrections.map(\.sequence) == [2])
            #expect(try await client.retract(2).state == .retracted)
            #expect(try await client.release(.state(.withheld)) == 0)
            #expect(try await client.tuningStatus() == nil)
            #expect(try await client.cancelTuning() == nil)
            #expect(try await client.revisions().count == 3)
            #expect(try await client.revision(1).correctionsUsed.head == "1")
            #expect(try await client.activate(1) == 1)
            #expect(try await client.pin(1, true))
            #expect(try await client.reloadConfiguration().changed == [])
            #expect(try await client.status().corrections.learnt == 2)
            #expect(try await client.metrics() == "# EOF\n")
            #expect(try await client.evaluate([.init("x", label: "a", slice: "s")]).slices.count == 1)
            let steps = Mutex<[JSONValue]>([])
            let burst = try await client.startTuning { step in steps.withLock { $0.append(step) } }
            #expect(burst?.state == .published)
            #expect(steps.withLock { $0 } == [["step": 1]])
        }
    }

    @Test func `has many calls in flight at once`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let client = try AttuneClient(path: path)
            let labels = try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<500 {
                    group.addTask { try await client.predict(Input("text \(index)")).label }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(labels.count == 500)
        }
    }

    @Test func `passes on errors as they are`() async throws {
        try await serving(StubDaemon(trouble: .overloaded)) { path, _ in
            let client = try AttuneClient(path: path)
            let expected = ProtocolError.overloaded("the queue is full", retryAfterMs: 50)
            await #expect(throws: ClientError.protocolError(expected)) { try await client.predict("x") }
        }
    }

    @Test func `tells why nobody answers`() throws {
        let folder = try TemporaryFolder()
        #expect(obstacle(folder.path + "/none") == .noSuchFile)
        let stale = folder.path + "/stale"
        close(try ListeningSocket.bind(path: stale).descriptor)
        #expect(obstacle(stale) == .refused)
        let file = folder.path + "/file"
        try Data().write(to: URL(filePath: file))
        #expect(obstacle(file) == .notASocket)
        #expect(obstacle("/" + String(repeating: "x", count: 200)) == .pathTooLong)
    }

    @Test func `gives up after a time, and tells the daemon`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let client = try AttuneClient(path: path)
            await #expect(throws: ClientError.timedOut) {
                try await client.call(.status, as: StatusResult.self, timeout: .milliseconds(20))
            }
            try await gate.wait { $0.cancelled == 1 }
        }
    }

    @Test func `is cancelled with its task, and tells the daemon`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let client = try AttuneClient(path: path)
            let task = Task { try await client.status() }
            try await gate.wait { $0.started == 1 }
            task.cancel()
            await #expect(throws: ClientError.cancelled) { try await task.value }
            try await gate.wait { $0.cancelled == 1 }
        }
    }

    @Test func `fails its calls when the connection ends, with the daemon's reason if it gave one`() async throws {
        let gate = Gate()
        try await serving(gate, shutdownLimit: .zero) { path, server in
            let client = try AttuneClient(path: path)
            let status = Task { try await client.status() }
            try await gate.wait { $0.started == 1 }
            await server.shutdown(within: .zero)
            await #expect(throws: ClientError.closed) { try await status.value }
            await #expect(throws: ClientError.closed) { try await client.metrics() }
        }
        var limits = ServerLimits()
        limits.connections = 0
        try await serving(gate, limits: limits) { path, _ in
            let client = try AttuneClient(path: path)
            do {
                _ = try await client.metrics()
                Issue.record("there was no room for this connection")
            } catch ClientError.protocolError(let error) {
                #expect(error.reason == "tooManyConnections")
            }
        }
    }

    @Test func `refuses to send what the daemon would not take`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let client = try AttuneClient(path: path)
            let long = Input(String(repeating: "x", count: Limits.lineBytes))
            do {
                _ = try await client.predict(long)
                Issue.record("the line is too long")
            } catch ClientError.invalidCall(let why) {
                #expect(why.contains("\(Limits.lineBytes)"))
            }
            for text in ["a\0b", "\0"] {
                do {
                    _ = try await client.predict(Input(text))
                    Issue.record("a NUL is in the text")
                } catch ClientError.invalidCall(let why) {
                    #expect(why.contains("U+0000"), "\(why)")
                }
            }
            // A text about it is another matter.
            #expect(try await client.predict(#"a\u0000b \\u0000"#).label == "alpha")
            #expect(try await client.metrics() == "# EOF\n")
        }
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON","data":{"reason":"nul"}}}"#,
        "nonsense",
    ])
    func `does not wait for a reply that it could not tell from others`(line: String) async throws {
        let folder = try TemporaryFolder()
        let socket = try ListeningSocket.bind(path: folder.path + "/socket")
        #expect(listen(socket.descriptor, 1) == 0)
        let client = try AttuneClient(path: folder.path + "/socket")
        // Answers the first request; the connection stays open.
        let answering = Thread {
            let connection = accept(socket.descriptor, nil, nil)
            var request = [UInt8](repeating: 0, count: 1024)
            if recv(connection, &request, request.count, 0) > 0 {
                _ = send(connection, line + "\n", line.utf8.count + 1, 0)
            }
        }
        answering.start()
        defer { close(socket.descriptor) }
        let error = await #expect(throws: ClientError.self) { try await client.status() }
        switch error {
        case .protocolError(let error): #expect(error.message == "not JSON")
        case .malformedReply: #expect(line == "nonsense")
        default: Issue.record("ended with \(String(describing: error))")
        }
        await #expect(throws: ClientError.self) { try await client.status() }
    }

    @Test func `waits no longer than it was told for every call`() async throws {
        let gate = Gate()
        try await serving(gate) { path, _ in
            let client = try AttuneClient(path: path, timeout: .milliseconds(20))
            await #expect(throws: ClientError.timedOut) { try await client.status() }
            try await gate.wait { $0.cancelled == 1 }
        }
    }

    @Test func `sends lines as they are`() async throws {
        try await serving(StubDaemon()) { path, _ in
            let replies = Mutex<[String]>([])
            let lines = ["{", #"{"jsonrpc":"2.0","id":"é","method":"metrics"}"#]
            try await AttuneClient.raw(lines, path: path) { line in replies.withLock { $0.append(line) } }
            let received = replies.withLock { $0 }
            #expect(received.count == 2)
            #expect(received.contains(##"{"jsonrpc":"2.0","id":"é","result":{"text":"# EOF\n"}}"##))
        }
    }
}
