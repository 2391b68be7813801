import AttuneClient
import Foundation
import LineProtocol
import Testing

/// Rewrites the configuration of `daemon`: what is given, besides labels.
private func configure(_ daemon: DaemonProcess, labels: String = "[alpha, beta]", _ settings: String) throws {
    try "labels: \(labels)\nlearning: {idleSeconds: 0.2}\n\(settings)\n".write(
        to: daemon.folder.appending(path: "settings.yaml"), atomically: true, encoding: .utf8)
}

@Suite(.serialized) struct `A configuration that is read again` {
    @Test func `holds when the call returns, and says what takes a restart`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        try configure(
            daemon, labels: "[alpha, beta, gamma]",
            "limits: {connections: 77, labelBytes: 12}\ninference: {batchTokens: 256}\nlog: {level: debug}")
        let result = try await client.reloadConfiguration()
        #expect(result.changed == ["labels", "limits.connections", "limits.labelBytes", "log.level"])
        #expect(result.needRestart == ["inference.batchTokens"])
        #expect(try await client.discover().limits.connections == 77)
        let refused = await #expect(throws: ClientError.self) {
            _ = try await client.submit(SubmitParameters("a text", label: "a label that is too long"))
        }
        #expect("\(try #require(refused))".contains("limits.labelBytes"))
        // Labels come with the next head.
        _ = try await client.submit(SubmitParameters("a text", label: "alpha", wait: .published))
        #expect(try await client.discover().labels == ["alpha", "beta", "gamma"])
        _ = try await AttuneClient(path: daemon.socket).status()
        #expect(daemon.log.contains("DEBUG    connected"))
        // What has been said to take a restart is said again, and nothing else.
        let again = try await client.reloadConfiguration()
        #expect(again.changed == [])
        #expect(again.needRestart == ["inference.batchTokens"])
        client.close()
        await daemon.remove()
    }

    @Test(arguments: [
        ("tuning: {rank: many}", "tuning.rank"), ("nothing: 1", "nothing"),
        ("lables: [a, b]", "no setting 'lables' (did you mean 'labels'?); 'attuned check --settings'"),
        ("revisions: {keep: 3}\nrevisions.keep: 4", "'revisions.keep' is given twice"), ("model: [", "settings.yaml"),
        ("roles: {admin: [nobody-by-this-name]}", "nobody-by-this-name"), ("labels: [\"\"]", "labels"),
        ("inference: {precision: x}", "must be one of fp32, bf16, int8, but is 'x'"),
        ("tuning: {targets: [query]}", "output.dense, pooler.dense, but is 'query'"),
        ("tuning: {targets: []}", "pooler.dense, but is empty"), ("tuning: {pull: -1}", "tuning.pull"),
        ("tuning: {schedule: square}", "must be one of linear, cosine, constant"),
        ("tuning: {layerDecay: 0}", "tuning.layerDecay"), ("tuning: {checkInterval: -1}", "tuning.checkInterval"),
        ("tuning: {trainEmbeddings: maybe}", "must be true or false"), ("tuning: 3", "'tuning' is a group of settings"),
    ])
    func `changes nothing when it has a fault, and the refusal names it`(settings: String, culprit: String) async throws
    {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let before = try await client.discover()
        try "limits: {connections: 5}\n\(settings)\n".write(
            to: daemon.folder.appending(path: "settings.yaml"), atomically: true, encoding: .utf8)
        let refused = await #expect(throws: ClientError.self) { _ = try await client.reloadConfiguration() }
        if case .protocolError(let error)? = refused {
            #expect(error.reason == "configuration")
            #expect(error.message.contains(culprit), "\(error.message)")
        } else {
            Issue.record("\(String(describing: refused))")
        }
        #expect(try await client.discover() == before)
        client.close()
        await daemon.remove()
    }
}
