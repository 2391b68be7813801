import AttuneClient
import Foundation
import LineProtocol
import Testing

@Suite(.serialized) struct `Verifying revisions` {
    private typealias Bursts = `Bursts of a daemon`

    @Test func `goes back over all that one was made from where that is asked for`() async throws {
        let daemon = try await DaemonProcess.start(settings: Bursts.settings)
        let client = try AttuneClient(path: daemon.socket)
        _ = try await Bursts.teach(Bursts.examples(120), client)
        let tuned = try #require(try await Bursts.burst(client, .bias).revision)
        _ = try await Bursts.teach(Bursts.examples(4, from: 120), client)
        let abandoned = try await client.status().revision
        #expect(abandoned > tuned)
        _ = try await client.activate(tuned)
        _ = try await client.submit(SubmitParameters("one more", label: "gamma", wait: .published))
        let last = try await client.status().revision
        let parents = Dictionary(
            try await client.revisions().map { ($0.id, $0.parent ?? 0) }, uniquingKeysWith: { first, _ in first })
        var lineage: [Int] = []
        var next = last
        while next > 0 {
            lineage.append(next)
            next = parents[next] ?? 0
        }
        #expect(lineage.contains(tuned) && !lineage.contains(abandoned) && lineage.count > 2)

        func verified(_ words: [String]) async throws -> [String] {
            let (code, text) = try await Bursts.verify(daemon, words)
            #expect(code == 0, "\(text)")
            return text.split(separator: "\n").filter { $0.hasPrefix("revision ") }.map(String.init)
        }
        #expect(try await verified(["\(last)"]) == ["revision \(last): verified"])
        #expect(try await verified(["\(last)", "--lineage"]) == lineage.map { "revision \($0): verified" })
        client.close()
        await daemon.remove()
    }

    @Test func `ends with 3 where nothing differs but something cannot be compared`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        _ = try await client.submit(SubmitParameters("one", label: "gamma", wait: .published))
        client.close()
        #expect(try await Bursts.verify(daemon, ["all"]).code == 0)
        let file = daemon.folder.appending(path: "exact.yaml")
        try Data("inference: {precision: fp32}".utf8).write(to: file)
        let (code, text) = try await Bursts.verify(daemon, ["all", "--config", file.path(percentEncoded: false)])
        #expect(code == 3)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("revision ") }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.contains(": not comparable: it was computed by") }, "\(text)")
        await daemon.remove()
    }
}
