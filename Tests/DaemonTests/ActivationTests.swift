import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

/// A socket that a service manager would have opened, removed in the end.
final class Listener: Sendable {
    let descriptor: Int32
    let folder: URL
    let path: String

    init() throws {
        folder = try DaemonProcess.temporaryFolder()
        path = folder.appending(path: "inherited").path(percentEncoded: false)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let bound = NotificationSocket.withAddress(path) { bind(descriptor, $0, $1) }
        try #require(bound == 0 && listen(descriptor, 16) == 0)
    }

    /// Answers the first request of the first client with `result`, and waits until that has gone.
    func answerOnce(with result: String) {
        let client = accept(descriptor, nil, nil)
        defer { close(client) }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(client, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        guard let request = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else { return }
        let answer = Array(#"{"jsonrpc": "2.0", "id": \#(request["id"] ?? 0), "result": \#(result)}"#.utf8) + [10]
        _ = write(client, answer, answer.count)
        while read(client, &byte, 1) == 1 {}
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(at: folder)
    }
}

struct `A socket that a service manager opened` {
    @Test func `is served by the daemon, and outlives it`() async throws {
        let listener = try Listener()
        // Whoever connects before it runs is answered once it does.
        let early = try AttuneClient(path: listener.path)
        let daemon = try await DaemonProcess.start(activation: .init(listener: listener.descriptor))
        #expect(try await early.discover().labels == ["alpha", "beta"])
        early.close()
        #expect(await daemon.stop() == .init(code: 0, wasSignalled: false))
        let between = try AttuneClient(path: listener.path)
        let next = try await DaemonProcess.start(in: daemon.folder, activation: .init(listener: listener.descriptor))
        #expect(try await between.discover().labels == ["alpha", "beta"])
        between.close()
        await next.remove()
    }

    @Test func `is left alone where it was meant for another process`() async throws {
        let listener = try Listener()
        let daemon = try await DaemonProcess.start(
            activation: .init(listener: listener.descriptor, isForDaemon: false))
        let client = try AttuneClient(path: daemon.socket)
        #expect(try await client.discover().labels == ["alpha", "beta"])
        client.close()
        await daemon.remove()
    }
}
