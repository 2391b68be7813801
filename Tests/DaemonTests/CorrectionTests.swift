import AttuneClient
import Foundation
import LineProtocol
import Testing

@Suite(.serialized) struct `What a client is told of its corrections` {
    @Test func `of activations, names what was not as expected`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let taught = try await client.submit(SubmitParameters("one", label: "gamma", wait: .published))
        let revision = try #require(taught.revision)
        let missing = await refusal { _ = try await client.activate(999, expectedCurrent: revision) }
        #expect(missing?.code == .notFound && missing?.reason == "revision")
        let changed = await refusal { _ = try await client.activate(revision, expectedCurrent: 999) }
        #expect(changed?.code == .conflict && changed?.reason == "expectedCurrent")
        client.close()
        await daemon.remove()
    }

    @Test func `purged by an administrator, is logged`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let sequence = try await client.submit(SubmitParameters("a secret", label: "alpha")).sequence
        _ = try await client.retract(sequence, purge: true)
        let line = daemon.log.split(separator: "\n").last { $0.contains("an administrator's request was met") }
        for word in ["corrections/retract", "sequence=\(sequence)", "purge=true", "uid=\(geteuid())"] {
            #expect(line?.contains(word) == true, "\(word): \(line ?? "not logged")")
        }
        client.close()
        await daemon.remove()
    }
}
