import AttuneClient
import Foundation
import LineProtocol
import Testing

@Suite(.serialized) struct `What a client is told of its corrections` {
    @Test func `sent again, is what has become of it, whatever the limits say by then`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let learnt = SubmitParameters("a text of some length", label: "gamma", idempotencyKey: "k", wait: .published)
        let first = try await client.submit(learnt)
        #expect(first.state == .learnt && first.revision != nil && !first.duplicate)
        var later = learnt
        later = SubmitParameters(learnt.input, label: "delta", idempotencyKey: "later", wait: .published)
        let second = try await client.submit(later)
        #expect(second.state == .learnt)
        try "labels: [alpha, beta]\nlimits: {textBytes: 10, labelBytes: 5, labels: 2}".write(
            to: daemon.folder.appending(path: "settings.yaml"), atomically: true, encoding: .utf8)
        _ = try await client.reloadConfiguration()
        for wait in [SubmitParameters.Wait.journaled, .published] {
            later.wait = wait
            let again = try await client.submit(later)
            #expect(again.duplicate && again.sequence == second.sequence)
            #expect(again.state == .learnt && again.revision == second.revision)
            var superseded = learnt
            superseded.wait = wait
            let told = try await client.submit(superseded)
            #expect(told.duplicate && told.state == .superseded && told.reason == "by correction \(second.sequence)")
        }
        let other = SubmitParameters("a text of another length", label: "alpha", idempotencyKey: "new")
        let refused = await refusal { _ = try await client.submit(other) }
        #expect(refused?.reason == "outOfRange")
        client.close()
        await daemon.remove()
    }

    @Test func `and what it says had been answered before, is what is counted, in the status and in the metrics`()
        async throws
    {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        // The daemon itself could not have answered with any of these labels.
        let said = [("gamma", "gamma"), ("delta", "delta"), ("epsilon", "alpha"), ("zeta", "zeta")]
        for (label, predicted) in said {
            _ = try await client.submit(
                SubmitParameters(Input("a text of \(label)"), label: label, predicted: predicted, wait: .published))
        }
        let prequential = try #require(try await client.status().measures?.prequential)
        #expect(prequential.count == 4)
        #expect(prequential.accuracy == 0.75)
        let samples = samples(try await client.metrics())
        #expect(samples["attuned_prequential_scored_total"] == 4)
        #expect(samples["attuned_prequential_accuracy"] == 0.75)
        #expect(samples["attuned_prequential_recent"] == prequential.recent)
        #expect(samples["attuned_holdout_accuracy"] == nil, "no body has been judged")
        // Without it, what the daemon would have answered.
        _ = try await client.submit(SubmitParameters("a text of eta", label: "eta", wait: .published))
        #expect(try await client.status().measures?.prequential?.accuracy == 0.6)
        client.close()
        await daemon.remove()
    }

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

/// The samples of a page in OpenMetrics form that have no labels, by name.
func samples(_ page: String) -> [String: Double] {
    let words = page.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
    return Dictionary(
        words.filter { $0.count == 2 }.map { (String($0[0]), Double($0[1]) ?? .nan) },
        uniquingKeysWith: { first, _ in first })
}
