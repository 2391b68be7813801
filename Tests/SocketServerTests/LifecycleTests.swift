import AttuneClient
import Foundation
import LineProtocol
import Logging
import SocketServer
import Testing

private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

private func kind(_ body: () throws -> Void) -> SocketError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? SocketError)?.kind
    }
}

@Suite(.timeLimit(.minutes(15))) struct `Sockets to listen on` {
    @Test func `are open to their owner and group only`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        let socket = try ListeningSocket.bind(path: path)
        defer { close(socket.descriptor) }
        #expect(mode(path) == 0o660)
        #expect(socket.group == getegid())
    }

    @Test func `take the place of stale ones`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        close(try ListeningSocket.bind(path: path).descriptor)
        #expect(mode(path) == 0o660)
        let again = try ListeningSocket.bind(path: path)
        #expect(listen(again.descriptor, 1) == 0)
        // Now someone listens.
        #expect(kind { _ = try ListeningSocket.bind(path: path) } == .inUse)
        close(again.descriptor)
    }

    @Test func `leave alone what is no socket`() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/file"
        try Data("precious".utf8).write(to: URL(filePath: file))
        #expect(kind { _ = try ListeningSocket.bind(path: file) } == .notASocket)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/nothing")
        #expect(kind { _ = try ListeningSocket.bind(path: link) } == .notASocket)
        #expect(kind { _ = try ListeningSocket.bind(path: folder.path) } == .notASocket)
    }

    @Test func `have a path that fits`() throws {
        let folder = try TemporaryFolder()
        let room = ListeningSocket.pathLimit - folder.path.utf8.count - 1
        let longest = folder.path + "/" + String(repeating: "s", count: room)
        #expect(longest.utf8.count == 103)
        close(try ListeningSocket.bind(path: longest).descriptor)
        #expect(kind { _ = try ListeningSocket.bind(path: longest + "s") } == .pathTooLong)
        #expect(kind { _ = try ListeningSocket.bind(path: "") } == .pathTooLong)
        #expect(kind { _ = try ListeningSocket.bind(path: folder.path + "/no/socket") } == .system(errno: ENOENT))
    }

    @Test func `can be inherited, if they listen`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        let bound = try ListeningSocket.bind(path: path)
        #expect(kind { _ = try ListeningSocket.inherited(bound.descriptor) } == .notListening)
        #expect(kind { _ = try ListeningSocket.inherited(0) } == .notListening)
        #expect(kind { _ = try ListeningSocket.inherited(9999) } == .notListening)
        #expect(listen(bound.descriptor, 8) == 0)
        let inherited = try ListeningSocket.inherited(bound.descriptor)
        #expect(inherited.path == path)
        #expect(inherited.group == getegid())
        let server = try await SocketServer.start(
            on: inherited,
            policy: .standard(daemonUser: geteuid(), socketGroup: nil),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            handler: StubDaemon()
        )
        let client = try AttuneClient(path: path)
        #expect(try await client.metrics() == "# EOF\n")
        client.close()
        await server.shutdown()
        // The service manager's socket stays.
        #expect(FileManager.default.fileExists(atPath: path))
    }
}

@Suite(.timeLimit(.minutes(15))) struct `Shutting down` {
    @Test func `answers what is in flight and refuses what comes later`() async throws {
        let gate = Gate()
        try await serving(gate) { path, server in
            let wire = try Wire(path)
            wire.send(#"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n")
            try await gate.wait { $0.started == 1 }
            let idle = try Wire(path)
            idle.send(#"{"jsonrpc":"2.0","id":1,"method":"metrics"}"# + "\n")
            #expect(try await idle.result() == .integer(1))
            async let stopped: Void = server.shutdown()
            // The idle connection ends when draining has begun.
            #expect(try await idle.next() == nil)
            wire.send(#"{"jsonrpc":"2.0","id":2,"method":"metrics"}"# + "\n")
            #expect(try await wire.error(.integer(2)).code == .shuttingDown)
            #expect(throws: ClientError.self) { try AttuneClient(path: path) }
            gate.open()
            #expect(try await wire.result() == .integer(1))
            #expect(try await wire.next() == nil)
            await stopped
            await server.run()
            await server.shutdown()
        }
    }

    @Test func `does not wait for ever`() async throws {
        let gate = Gate()
        try await serving(gate, shutdownLimit: .zero) { path, server in
            let wire = try Wire(path)
            wire.send(#"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n")
            try await gate.wait { $0.started == 1 }
            await server.shutdown(within: .zero)
            #expect(try await wire.next() == nil)
            try await gate.wait { $0.cancelled == 1 }
        }
    }

    @Test func `leaves a socket that has taken its place`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        let server = try await SocketServer.start(
            on: .bind(path: path),
            policy: .standard(daemonUser: geteuid(), socketGroup: nil),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            handler: StubDaemon()
        )
        unlink(path)
        let other = try ListeningSocket.bind(path: path)
        await server.shutdown()
        #expect(mode(path) == 0o660)
        close(other.descriptor)
    }
}
