import Foundation
import Storage
import Testing

/// Every step that changes something on disk is made to fail once, and made the last one before a crash once.
@Suite struct `Whatever step fails` {
    enum Operation: String, CaseIterable, Sendable {
        case append, publishNewBody, publishSameBody, publishOver, activate, pin, retract, purge, burst, snapshot
    }

    /// Two revisions with a body, two corrections learnt and one queued; the next revision makes one go.
    private func prepare(_ path: String, _ faults: Faults) async throws -> StateStore {
        let store = try open(path, faults: faults) { $0.keptRevisions = 2 }
        _ = try await store.append(correction("a", key: "first"))
        _ = try await store.publish(draft(store, body: newBody("one")))
        _ = try await store.append(correction("b"))
        _ = try await store.publish(draft(store, body: .sameAs(1)))
        _ = try await store.append(correction("c"))
        return store
    }

    private func run(_ operation: Operation, on store: StateStore) async throws {
        switch operation {
        case .append: _ = try await store.append(correction("a", "no", key: "new"))
        case .publishNewBody: _ = try await store.publish(draft(store, body: newBody("two")))
        case .publishSameBody: _ = try await store.publish(draft(store, body: .sameAs(2)))
        case .publishOver:
            let file = RevisionFile(name: "1_Pooling/config.json", content: .bytes(Data("{}".utf8)))
            var draft = try await draft(store, body: .over(2, dropping: ["adapter_config.json"], [file]))
            draft.burst = StorageTests.burst(1, .published, reason: nil)
            _ = try await store.publish(draft)
        case .activate: _ = try await store.activate(1)
        case .pin: try await store.pin(1, true)
        case .retract: _ = try await store.retract(2)
        case .purge: #expect(try await store.purge(2).description == "2")
        case .burst: try await store.append(StorageTests.burst(1))
        case .snapshot:
            let path = try await store.snapshot()
            try FileManager.default.removeItem(atPath: path)
        }
        // Waits for what the files queue does after the answer.
        _ = try? await store.verifiedDirectory(of: 0)
    }

    /// What a state directory says, told apart before and after an operation.
    private struct Picture: Equatable {
        let states: [Int64: CorrectionState]
        let serving: Int
        let revisions: [Int]
        let pinned: [Int]
        let purged: [Int64]
        let bursts: [Int?]

        init(_ store: StateStore) async throws {
            states = try await StorageTests.states(store)
            serving = store.serving
            let records = try await store.revisions()
            revisions = records.map(\.number)
            pinned = records.filter(\.isPinned).map(\.number)
            purged = try await store.corrections(limit: 100).filter(\.isPurged).map(\.sequence)
            bursts = try await store.bursts(limit: 10).map(\.revision)
        }
    }

    private func pictures(_ operation: Operation) async throws -> (before: Picture, after: Picture, steps: Int) {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try await prepare(directory.state, faults)
        let before = try await Picture(store)
        faults.arm(failing: nil)
        try await run(operation, on: store)
        let steps = faults.steps.count
        let after = try await Picture(store)
        await store.close()
        return (before, after, steps)
    }

    @Test(arguments: Operation.allCases)
    func `a crash there leaves the state before or after`(operation: Operation) async throws {
        let (before, after, steps) = try await pictures(operation)
        #expect(steps >= 2)
        print("\(operation.rawValue): \(steps) steps")
        for step in 1...steps {
            let directory = try TemporaryDirectory()
            let faults = Faults()
            let store = try await prepare(directory.state, faults)
            faults.arm(failing: step, isCrash: true)
            let error = await failure { try await run(operation, on: store) }
            let place = faults.steps[step - 1]
            let context = "\(operation.rawValue), crash at step \(step), \(place)"
            // What the process would leave, log and all.
            let copy = "\(directory.path)/copy"
            try FileManager.default.copyItem(atPath: directory.state, toPath: copy)
            await store.close()

            let next = try open(copy)
            try await checkInvariants(next, copy, context)
            let found = try await Picture(next)
            #expect(found == before || found == after, Comment(rawValue: context))
            // An answer is kept.
            if error == nil { #expect(found == after, Comment(rawValue: context)) }
            if error != nil, error?.code != .durabilityUnknown {
                #expect(found == before, Comment(rawValue: context))
            }
            #expect(try await next.append(correction("a", key: "first")).sequence == 1)
            #expect(try await next.publish(draft(next)).number > max(before.serving, found.serving))
            try await checkInvariants(next, copy, context)
            await next.close()
        }
    }

    @Test(arguments: Operation.allCases)
    func `a fault there is answered truly, and the store goes on`(operation: Operation) async throws {
        let (before, after, steps) = try await pictures(operation)
        for step in 1...steps {
            let directory = try TemporaryDirectory()
            let faults = Faults()
            let store = try await prepare(directory.state, faults)
            faults.arm(failing: step)
            let error = await failure { try await run(operation, on: store) }
            let place = faults.steps[step - 1]
            let context = "\(operation.rawValue), fault at step \(step), \(place)"
            faults.arm(failing: nil)
            let found = try await Picture(store)
            switch error?.code {
            case nil: #expect(found == after, Comment(rawValue: context))
            case .durabilityUnknown: #expect(found == before || found == after, Comment(rawValue: context))
            default: #expect(found == before, Comment(rawValue: context))
            }
            if place == .committed, !operation.rawValue.hasPrefix("publish") {
                #expect(error?.code == .durabilityUnknown, Comment(rawValue: context))
            }
            #expect(try await store.append(correction("more")).sequence >= 4, Comment(rawValue: context))
            #expect(store.readOnlyReason == nil)
            let next = await failure { _ = try await store.publish(draft(store)) }
            if place == .sync("revisions"), operation != .snapshot {
                // The one thing that is not tried again on the same directory.
                #expect(next?.code == .readOnly, Comment(rawValue: context))
            } else {
                #expect(next == nil, Comment(rawValue: context))
            }
            await store.close()
            let reopened = try open(directory.state)
            try await checkInvariants(reopened, directory.state, context)
            _ = try await reopened.publish(draft(reopened))
            await reopened.close()
        }
    }

    @Test func `a fault or a crash while opening leaves a directory that opens`() async throws {
        // A new one, and one with something to sweep, to take over and to link again.
        for isNew in [true, false] {
            var step = 1
            while true {
                let directory = try TemporaryDirectory()
                let faults = Faults()
                if !isNew {
                    await (try await prepare(directory.state, faults)).close()
                    for name in ["revisions/.new-000008", "revisions/000009", ".snapshot-1/revisions/000001"] {
                        try FileManager.default.createDirectory(
                            atPath: "\(directory.state)/\(name)", withIntermediateDirectories: true)
                    }
                    try FileManager.default.removeItem(atPath: "\(directory.state)/current")
                }
                faults.arm(failing: step, isCrash: true)
                let opened = try? open(directory.state, model: otherModel, faults: faults) { $0.relearn = true }
                await opened?.close()
                if opened != nil, !faults.hasFired { break }
                let next = try open(directory.state, model: otherModel) { $0.relearn = true }
                try await checkInvariants(next, directory.state, "new: \(isNew), step \(step)", model: otherModel)
                #expect(next.serving == 0)
                #expect(next.counts[.queued] == (isNew ? 0 : 3))
                _ = try await next.append(correction("z"))
                await next.close()
                step += 1
            }
            print("opening, \(isNew ? "new" : "old"): \(step - 1) steps")
            #expect(step > 4)
        }
    }

    @Test func `an append whose commit failed is there once when it is sent again`() async throws {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try open(directory.state, faults: faults)
        for step in 1...2 {
            faults.arm(failing: step)
            let failed = await failure { _ = try await store.append(correction("a \(step)", key: "\(step)")) }
            #expect(failed?.code == (step == 1 ? .inputOutput : .durabilityUnknown))
            #expect(store.readOnlyReason != nil)
            let receipt = try await store.append(correction("a \(step)", key: "\(step)"))
            #expect(receipt.sequence == Int64(step))
            #expect(receipt.isDuplicate == (step == 2))
            #expect(store.readOnlyReason == nil)
        }
        // The commit fails and the database cannot be opened again at once.
        faults.arm(failing: 2, isCrash: true)
        #expect(await code { _ = try await store.append(correction("b", key: "b")) } == .durabilityUnknown)
        #expect(await code { _ = try await store.append(correction("c", key: "c")) } == .inputOutput)
        #expect(await code { _ = try await store.correction(1) } == .inputOutput)
        #expect(store.readOnlyReason != nil)
        faults.arm(failing: nil)
        #expect(try await store.append(correction("b", key: "b")).isDuplicate)
        #expect(store.counts[.queued] == 3)
        #expect(try await store.corrections(limit: 10).count == 3)
        await store.close()
    }
}
