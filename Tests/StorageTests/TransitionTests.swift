import Foundation
import Storage
import Testing

/// What the corrections of one input, and of others, do to each other.
@Suite struct `A correction's state` {
    /// One thing that happens to the journal.
    enum Action: Sendable, CustomTestStringConvertible {
        case append(String)
        /// A revision is published whose head has learnt all that is live.
        case publish
        case retract(Int64)
        case release(Int64)
        case releaseAll(CorrectionState)
        case refuse(SequenceSet, CorrectionState)
        case activate(Int)

        var testDescription: String { "\(self)" }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let actions: [Action]
        let states: [CorrectionState]

        init(_ name: String, _ actions: [Action], _ states: [CorrectionState]) {
            self.name = name
            self.actions = actions
            self.states = states
        }

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case("waits", [.append("a")], [.queued]),
        Case("is learnt", [.append("a"), .append("b"), .publish], [.learnt, .learnt]),
        Case("a later one supersedes", [.append("a"), .append("b"), .append("a")], [.superseded, .queued, .queued]),
        Case(
            "a later one supersedes what is learnt", [.append("a"), .publish, .append("a")], [.superseded, .queued]),
        Case("only the last is learnt", [.append("a"), .append("a"), .publish], [.superseded, .learnt]),
        Case("is taken back", [.append("a"), .retract(1)], [.retracted]),
        Case("is taken back twice", [.append("a"), .retract(1), .retract(1)], [.retracted]),
        Case("is taken back when learnt", [.append("a"), .publish, .retract(1), .publish], [.retracted]),
        Case(
            "taking a later one back brings the earlier one back", [.append("a"), .append("a"), .retract(2)],
            [.queued, .retracted]),
        Case(
            "and as learnt, where it still serves", [.append("a"), .publish, .append("a"), .retract(2)],
            [.learnt, .retracted]),
        Case(
            "and to be learnt again, where it does not",
            [.append("a"), .publish, .append("a"), .publish, .retract(2)], [.queued, .retracted]),
        Case(
            "taking a superseded one back changes nothing else",
            [.append("a"), .append("a"), .retract(1), .retract(2)],
            [.retracted, .retracted]),
        Case(
            "the last superseded comes back", [.append("a"), .append("a"), .append("a"), .retract(3)],
            [.superseded, .queued, .retracted]),
        Case(
            "is refused, and what it superseded holds",
            [.append("a"), .publish, .append("a"), .refuse(SequenceSet([2]), .rejected)], [.learnt, .rejected]),
        Case(
            "all of an input are refused", [.append("a"), .append("a"), .refuse(SequenceSet([1, 2]), .quarantined)],
            [.quarantined, .quarantined]),
        Case(
            "is released", [.append("a"), .refuse(SequenceSet([1]), .quarantined), .releaseAll(.quarantined)],
            [.queued]),
        Case(
            "is released into a revision that still has it",
            [.append("a"), .publish, .refuse(SequenceSet([1]), .quarantined), .release(1)], [.learnt]),
        Case(
            "is released above an earlier one",
            [.append("a"), .append("a"), .refuse(SequenceSet([2]), .rejected), .release(2)], [.superseded, .queued]),
        Case(
            "is released below a later one",
            [.append("a"), .refuse(SequenceSet([1]), .rejected), .append("a"), .release(1)], [.superseded, .queued]),
        Case("is not released when it was taken back", [.append("a"), .retract(1), .release(1)], [.retracted]),
        Case(
            "a rollback goes behind it", [.append("a"), .publish, .append("b"), .publish, .append("c"), .activate(1)],
            [.learnt, .withheld, .withheld]),
        Case("a rollback to the base model", [.append("a"), .publish, .activate(0)], [.withheld]),
        Case(
            "a rollback brings back what the revision has learnt",
            [.append("a"), .publish, .append("a"), .publish, .activate(1)], [.learnt, .withheld]),
        Case(
            "a rollback behind all of an input", [.publish, .append("a"), .append("a"), .publish, .activate(1)],
            [.withheld, .withheld]),
        Case(
            "a rollback that is undone", [.append("a"), .publish, .append("a"), .publish, .activate(1), .activate(2)],
            [.superseded, .learnt]),
        Case(
            "release after a rollback",
            [.append("a"), .publish, .append("a"), .append("b"), .publish, .activate(1), .releaseAll(.withheld)],
            [.superseded, .queued, .queued]),
        Case(
            "learning goes on after a rollback",
            [.append("a"), .publish, .append("b"), .publish, .activate(1), .append("c"), .publish],
            [.learnt, .withheld, .learnt]),
        Case(
            "a new one after a rollback", [.append("a"), .publish, .activate(0), .append("a"), .publish],
            [.withheld, .learnt]),
        Case(
            "activating what is active changes nothing",
            [.append("a"), .publish, .append("a"), .publish, .activate(2)],
            [.superseded, .learnt]),
        Case(
            "activating goes over what waits", [.append("a"), .publish, .append("b"), .activate(1)],
            [.learnt, .withheld]),
    ]

    @Test(arguments: cases) func `follows from what happened`(_ example: Case) async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for action in example.actions { try await Self.apply(action, to: store) }
        let found = try await states(store).sorted { $0.key < $1.key }.map(\.value)
        #expect(found == example.states)
        try await checkInvariants(store, directory.state, example.name)
        await store.close()
        let next = try open(directory.state)
        #expect(try await states(next).sorted { $0.key < $1.key }.map(\.value) == example.states)
        try await checkInvariants(next, directory.state, example.name)
        await next.close()
    }

    private static func apply(_ action: Action, to store: StateStore) async throws {
        switch action {
        case .append(let text): _ = try await store.append(correction(text))
        case .publish: _ = try await store.publish(draft(store))
        case .retract(let sequence): #expect(try await store.retract(sequence) == .retracted)
        case .release(let sequence): _ = try await store.release(sequence)
        case .releaseAll(let state): _ = try await store.release(state: state)
        case .refuse(let sequences, let state):
            #expect(try await store.refuse(sequences, as: state, reason: "why") == sequences.count)
        case .activate(let revision): _ = try await store.activate(revision)
        }
    }

    @Test func `comes with its reason and its first revision`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store))
        _ = try await store.append(correction("b"))
        _ = try await store.publish(draft(store))
        #expect(try await store.correction(1).revision == 1)
        #expect(try await store.correction(2).revision == 2)
        _ = try await store.refuse(SequenceSet([2]), as: .rejected, reason: "too odd")
        #expect(try await store.correction(2).reason == "too odd")
        let activation = try await store.activate(0, expectedCurrent: 2)
        #expect(activation.previous == 2 && activation.withheld == 1 && activation.learnt == 0)
        #expect(try await store.correction(1).reason?.contains("revision 0") == true)
        #expect(try await store.release(state: .withheld) == 1)
        let released = try await store.correction(1)
        #expect(released.reason == nil && released.revision == nil)
        await store.close()
    }

    @Test func `changes only as asked`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        #expect(await code { _ = try await store.retract(9) } == .notFound)
        #expect(await code { _ = try await store.release(9) } == .notFound)
        #expect(await code { _ = try await store.release(state: .retracted) } == .invalid)
        #expect(await code { _ = try await store.refuse(SequenceSet([1]), as: .withheld, reason: "") } == .invalid)
        // All or none.
        #expect(await code { _ = try await store.refuse(SequenceSet([1, 9]), as: .rejected, reason: "") } == .notFound)
        #expect(try await store.release(1) == 0)
        #expect(await code { _ = try await store.activate(5) } == .notFound)
        let unexpected = await failure { _ = try await store.activate(0, expectedCurrent: 3) }
        #expect(unexpected?.code == .conflict && unexpected?.cause == .otherServes)
        #expect(try await states(store) == [1: .queued])
        #expect(store.counts[.queued] == 1)
        await store.close()
    }
}
