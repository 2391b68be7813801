import Foundation
import Storage
import Testing

/// A record of a burst, by its number.
func burst(
    _ id: Int, _ outcome: BurstRecord.Outcome = .rejected, reason: String? = "worse by 0.02", base: Int = 0
) -> BurstRecord {
    BurstRecord(
        id: id, started: Date(timeIntervalSince1970: 1_700_000_000.123_456),
        finished: Date(timeIntervalSince1970: 1_700_000_012.5), method: "lora", seed: .max - UInt64(id),
        outcome: outcome, reason: reason, base: base, corrections: 40, steps: 12,
        details: .object(["loss": .number(0.25), "held": .array([.integer(1), .null])]))
}

@Suite struct `Records of bursts` {
    @Test func `are kept as they came, newest first`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        #expect(store.lastBurstID == 0)
        #expect(try await store.bursts(limit: 5).isEmpty)
        let records = [
            burst(1), burst(2, .failed, reason: nil), burst(5, .cancelled, reason: "asked to"), burst(3, .failed),
        ]
        for record in records { try await store.append(record) }
        let expected = [records[2], records[3], records[1], records[0]]
        #expect(try await store.bursts(limit: 10) == expected)
        #expect(try await store.bursts(limit: 2) == Array(expected.prefix(2)))
        #expect(try await store.bursts(limit: -1).isEmpty)
        #expect(store.lastBurstID == 5)
        await store.close()
        let next = try open(directory.state)
        #expect(next.lastBurstID == 5)
        #expect(try await next.bursts(limit: 10) == expected)
        await next.close()
    }

    @Test func `have numbers of their own`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        try await store.append(burst(3))
        let error = await failure { try await store.append(burst(3, .failed)) }
        #expect(error?.code == .conflict)
        #expect(error?.text.contains("burst 3") == true)
        var draft = try await draft(store, body: newBody("x"))
        draft.burst = burst(3, .published, reason: nil)
        #expect(await code { _ = try await store.publish(draft) } == .conflict)
        #expect(store.serving == 0)
        #expect(try await store.bursts(limit: 9) == [burst(3)])
        try await checkInvariants(store, directory.state, "conflict")
        #expect(await code { try await store.append(burst(0)) } == .invalid)
        #expect(await code { try await store.append(burst(4, reason: "a\0b")) } == .invalid)
        await store.close()
    }

    @Test func `come with an activation, or not at all`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        let first = try await store.publish(try await draft(store, body: newBody("x"))).number
        _ = try await store.activate(0, record: burst(4, .cancelled, reason: "revision 0 was activated"))
        #expect(store.serving == 0)
        #expect(try await store.bursts(limit: 9).map(\.id) == [4])
        // With a number that is taken neither of both is done.
        let error = await failure { _ = try await store.activate(first, record: burst(4, .cancelled)) }
        #expect(error?.code == .conflict)
        #expect(store.serving == 0)
        try await checkInvariants(store, directory.state, "activation")
        await store.close()
    }

    @Test func `come with the revision, or not at all`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        #expect(await code { try await store.append(burst(1, .published)) } == .invalid)
        var draft = try await draft(store, body: newBody("x"), bodySet: true)
        draft.burst = burst(1, .rejected)
        #expect(await code { _ = try await store.publish(draft) } == .invalid)
        draft.burst = burst(1, .published, reason: nil)
        let record = try await store.publish(draft)
        let stored = try await store.bursts(limit: 5)
        #expect(stored.map(\.revision) == [record.number])
        #expect(stored.map(\.outcome) == [.published])
        #expect(store.lastBurstID == 1)

        var stale = try await StorageTests.draft(store)
        stale.burst = burst(2, .published, reason: nil)
        _ = try await store.retract(1)
        #expect(await code { _ = try await store.publish(stale) } == .conflict)
        #expect(try await store.bursts(limit: 5) == stored)
        #expect(store.lastBurstID == 1)
        await store.close()
    }

    @Test func `go when there are more than a thousand`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for id in 1...1_003 { try await store.append(burst(id)) }
        let kept = try await store.bursts(limit: 5_000)
        #expect(kept.map(\.id) == Array((4...1_003).reversed()))
        // A number that one of those had that went, or may have had, is not given again.
        #expect(await code { try await store.append(burst(2)) } == .conflict)
        #expect(try await store.bursts(limit: 5_000).count == 1_000)
        #expect(store.lastBurstID == 1_003)
        await store.close()
    }

    @Test func `lose the names that are in them with a purge`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a text"))
        let name = "a slice's name that is like no other"
        let details = JSONValue.object(["guard": .object(["groups": .array([.string(name)])]), "upTo": .integer(1)])
        let bursts = [(1, "worse for '\(name)'"), (2, nil)].map { id, reason in
            BurstRecord(
                id: id, started: Date(), finished: Date(), method: "lora", outcome: .rejected, reason: reason, base: 0,
                corrections: 1, steps: 1, details: details)
        }
        for burst in bursts { try await store.append(burst) }
        #expect(try !traces(of: name, in: directory.state).isEmpty)
        _ = try await store.purge(1)
        #expect(try traces(of: name, in: directory.state).isEmpty)
        let records = try await store.bursts(limit: 9)
        // What the next burst goes by is still there.
        #expect(records.map(\.id) == [2, 1] && records.allSatisfy { $0.reason == nil })
        #expect(records.allSatisfy { $0.details == .object(["upTo": .integer(1)]) })
        await store.close()
    }
}
