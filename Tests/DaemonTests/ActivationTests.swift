import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

/// A socket that a service manager would have opened, removed in the end.
private final class Listener {
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
