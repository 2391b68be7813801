import Foundation
import Storage
import Testing

/// The files under `path` in which `text` occurs.
func traces(of text: String, in path: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).filter { name in
        guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else { return false }
        return data.firstRange(of: Data(text.utf8)) != nil
    }.sorted()
}

@Suite struct `Purging a correction` {
    /// Occurs in every field that a client sends, and often enough in each that no fragment is without it.
    private static let needle = "zq9Xj"

    private static func secret(length: Int, _ label: String) -> NewCorrection {
        let text = String(repeating: needle + " ", count: length / 6 + 1)
        return NewCorrection(
            task: "classification", text: text, textPair: "pair \(text)", label: "\(label) \(needle)",
            idempotencyKey: "key \(label) \(needle)", predicted: "predicted \(needle)", predictedRevision: 3,
            slice: "slice \(needle)", weight: 0.5, uid: 7)
    }

    /// Short, across a page's end, and over many pages.
    @Test(arguments: [1, 3_000, 200_000]) func `leaves no trace of it in any file`(length: Int) async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for index in 0..<50 { _ = try await store.append(correction("text \(index)")) }
        _ = try await store.append(Self.secret(length: length, "first"))
        for index in 50..<100 { _ = try await store.append(correction("text \(index)")) }
        _ = try await store.append(Self.secret(length: length, "second"))
        _ = try await store.append(Self.secret(length: length, "third"))
        // Released and used again pages, a log that was moved, and one that was not.
        _ = try await store.refuse(SequenceSet([103]), as: .rejected, reason: "why")
        _ = try await store.release(103)
        #expect(try traces(of: Self.needle, in: directory.state).contains("state.sqlite-wal"))
        await store.close()
        let next = try open(directory.state)
        _ = try await next.append(correction("more"))
        #expect(try traces(of: Self.needle, in: directory.state).contains("state.sqlite"))
        let digest = try await next.correction(51).digest

        #expect(try await next.purge(102).description == "51,102-103")
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
        let raw = try Data(contentsOf: URL(filePath: "\(directory.state)/state.sqlite"))
        #expect(raw.firstRange(of: digest.bytes) == nil)
        #expect(next.counts[.retracted] == 3 && next.counts[.queued] == 101)
        #expect(try await next.corrections(limit: 1_000).filter(\.isPurged).map(\.sequence) == [51, 102, 103])
        await next.close()
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
        let again = try open(directory.state)
        try await checkInvariants(again, directory.state, "purged")
        #expect(try await again.correction(40).content.text == "text 39")
        await again.close()
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
    }

    @Test func `keeps the row's place, and says what it is`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let before = try await store.append(Self.secret(length: 10, "first")).sequence
        _ = try await store.append(correction("other"))
        let original = try await store.correction(before)
        let change = store.lastChange
        #expect(try await store.purge(before).description == "1")
        let purged = try await store.correction(before)
        #expect(purged.isPurged && purged.state == .retracted && purged.reason == nil)
        #expect(purged.created == original.created && purged.content.uid == 7)
        #expect(purged.content == NewCorrection(task: "classification", text: "", label: "", uid: 7))
        #expect(purged.digest.hex == String(repeating: "0", count: 64) && purged.inputDigest == purged.digest)
        // Whoever keeps texts learns that this one is gone, also when it had been taken back before.
        #expect(try await store.changes(after: change, limit: 9).map(\.sequence) == [1])
        _ = try await store.append(Self.secret(length: 10, "first"))
        _ = try await store.retract(3)
        let retracted = store.lastChange
        #expect(try await store.purge(3).description == "3")
        #expect(try await store.changes(after: retracted, limit: 9).map(\.sequence) == [3])
        // Again it changes nothing.
        #expect(try await store.purge(3).description == "3")
        #expect(try await store.retract(3) == .retracted)
        #expect(try await store.release(3) == 0)
        #expect(try await store.refuse(SequenceSet([3]), as: .rejected, reason: "why") == 0)
        #expect(store.lastChange == retracted + 1)
        #expect(await code { _ = try await store.purge(9) } == .notFound)
        try await checkInvariants(store, directory.state, "places")
        await store.close()
    }

    @Test func `frees its key, and takes all of the input back, whoever sent it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a", key: "k", uid: 1))
        _ = try await store.append(correction("a", "no", uid: 2))
        _ = try await store.append(correction("b", "no", uid: 2))
        _ = try await store.publish(draft(store))
        _ = try await store.append(correction("a", uid: 3))
        _ = try await store.refuse(SequenceSet([4]), as: .quarantined, reason: "why")
        #expect(try await store.purge(1).description == "1-2,4")
        #expect(try await states(store) == [1: .retracted, 2: .retracted, 3: .learnt, 4: .retracted])
        let receipt = try await store.append(correction("a", key: "k", uid: 1))
        #expect(receipt.sequence == 5 && !receipt.isDuplicate && receipt.state == .queued)
        #expect(try await store.release(state: .quarantined) == 0)
        try await checkInvariants(store, directory.state, "key")
        await store.close()
    }

    @Test func `is an administrator's where it takes another's along, or what is quarantined`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a", uid: 1))
        _ = try await store.append(correction("a", "no", uid: 2))
        for _ in 1...2 { _ = try await store.append(correction("b", uid: 1)) }
        _ = try await store.append(correction("c", uid: 1))
        _ = try await store.refuse(SequenceSet([3]), as: .quarantined, reason: "why")
        let before = try await states(store)
        for (sequence, cause) in [(Int64(1), nil), (2, nil), (3, StorageError.Cause.quarantine), (4, .quarantine)] {
            let error = await failure { _ = try await store.purge(sequence, by: 1) }
            #expect(error?.code == .forbidden && error?.cause == cause, "\(sequence)")
        }
        for (sequence, cause) in [(Int64(2), nil), (3, StorageError.Cause.quarantine)] {
            let error = await failure { _ = try await store.retract(sequence, by: 1) }
            #expect(error?.code == .forbidden && error?.cause == cause, "\(sequence)")
        }
        #expect(try await states(store) == before)
        #expect(try await store.retract(1, by: 1) == .retracted)
        #expect(try await store.purge(5, by: 1).description == "5")
        #expect(await code { _ = try await store.purge(5, by: 2) } == .forbidden)
        #expect(try await store.purge(1).description == "1-2")
        #expect(try await store.purge(4).description == "3-4")
        try await checkInvariants(store, directory.state, "whose it is")
        await store.close()
    }

    @Test func `writes the journal anew once for all that wait`() async throws {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try open(directory.state, faults: faults)
        for index in 1...5 { _ = try await store.append(correction("\(Self.needle) \(index)", uid: 1)) }
        // Holds up what writes files until all of them wait.
        let (begun, begin) = AsyncStream.makeStream(of: Never.self)
        let gate = DispatchSemaphore(value: 0)
        var slow = try await draft(store)
        let writer: @Sendable (String) throws -> Void = { path in
            begin.finish()
            gate.wait()
            try Data("slow".utf8).write(to: URL(filePath: path))
        }
        slow.files.append(RevisionFile(name: "slow", content: .writer(writer)))
        let publication = Task { [slow] in try await store.publish(slow) }
        for await _ in begun {}
        faults.arm(failing: nil)
        let purges = [1, 2, 3, 4, 9].map { sequence in
            Task.immediate { await code { _ = try await store.purge(Int64(sequence), by: 1) } }
        }
        gate.signal()
        _ = try await publication.value
        var codes: [StorageError.Code?] = []
        for purge in purges { codes.append(await purge.value) }
        #expect(codes == [nil, nil, nil, nil, .notFound])
        #expect(faults.steps.filter { $0 == .rebuild }.count == 1)
        #expect(try await states(store).values.filter { $0 == .retracted }.count == 4)
        #expect(try traces(of: "\(Self.needle) 1", in: directory.state).isEmpty)
        try await checkInvariants(store, directory.state, "together")
        await store.close()
    }

    @Test func `removes the copies for backups that have it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(Self.secret(length: 10, "first"))
        let snapshot = try await store.snapshot()
        #expect(try traces(of: Self.needle, in: snapshot) == ["state.sqlite"])
        _ = try await store.purge(1)
        #expect(!FileManager.default.fileExists(atPath: snapshot))
        let later = try await store.snapshot()
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
        let copy = "\(directory.path)/copy"
        try FileManager.default.copyItem(atPath: later, toPath: copy)
        let restored = try open(copy)
        #expect(try await restored.correction(1).isPurged)
        await restored.close()
        await store.close()
    }

    @Test func `is found out when a row only pretends`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("an unmistakable text"))
        _ = try await store.purge(1)
        await store.close()
        // The row's state is the only word of this kind in the table.
        let file = URL(filePath: "\(directory.state)/state.sqlite")
        var data = try Data(contentsOf: file)
        while let place = data.firstRange(of: Data("retracted".utf8)) {
            data.replaceSubrange(place, with: Data("withhelds".utf8))
        }
        try data.write(to: file)
        #expect(throws: StorageError.self) { try open(directory.state) }
    }

    @Test func `says what is still to be unlearnt`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b", "c", "d"] { _ = try await store.append(correction(text)) }
        #expect(store.unlearning().isEmpty)
        _ = try await store.retract(4)
        var draft = try await draft(store, head: [1])
        draft.seen = SequenceSet([2])
        _ = try await store.publish(draft)
        #expect(try await store.revision(1).manifest.corrections.seen.description == "1-2")
        #expect(store.unlearning().isEmpty)
        _ = try await store.retract(2)
        #expect(store.unlearning().description == "2")
        _ = try await store.purge(1)
        #expect(store.unlearning().description == "1-2")
        await store.close()
        let next = try open(directory.state)
        #expect(next.unlearning().description == "1-2")
        _ = try await next.publish(StorageTests.draft(next))
        #expect(next.unlearning().isEmpty)
        await next.close()
    }

    /// Revision 1 has learnt 1; 2 has learnt 1 and 2; 3 only has a trace of 2; 4, which serves, has learnt 3.
    private func prepare(_ path: String, _ faults: Faults? = nil) async throws -> StateStore {
        let store = try open(path, faults: faults)
        _ = try await store.append(correction("kept"))
        _ = try await store.publish(draft(store, body: newBody("one"), bodySet: true))
        _ = try await store.append(Self.secret(length: 9_000, "label"))
        var second = try await draft(store, body: newBody("two"), bodySet: true)
        second.labels.append(Self.needle)
        _ = try await store.publish(second)
        var third = try await draft(store, body: .sameAs(2), head: [1])
        third.seen = SequenceSet([2])
        _ = try await store.publish(third)
        try await store.pin(2, true)
        _ = try await store.append(correction("third"))
        _ = try await store.publish(draft(store, body: newBody("four"), head: [1, 3]))
        return store
    }

    @Test func `takes the revisions along that have a trace of it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try await prepare(directory.state)
        #expect(try await store.taintedRevisions().isEmpty)
        #expect(try await store.removeTainted().isEmpty)
        _ = try await store.activate(2)
        #expect(try await store.purge(2).description == "2")
        #expect(try await store.taintedRevisions() == [3, 2])
        for revision in [2, 3] {
            let error = await failure { _ = try await store.activate(revision) }
            #expect(error?.code == .conflict)
            #expect(error?.text.contains("correction 2, which has been purged") == true)
        }
        // The serving one stays until it has a successor; that may still carry the trace on.
        #expect(try await store.removeTainted() == [3])
        #expect(store.serving == 2 && store.unlearning().description == "2")
        var carrying = try await draft(store, body: .sameAs(2))
        carrying.seen = SequenceSet([2])
        carrying.labels.append(Self.needle)
        #expect(try await store.publish(carrying).number == 5)
        #expect(try await store.taintedRevisions() == [5, 2])
        #expect(try await store.removeTainted() == [2])
        #expect(try await store.publish(draft(store)).number == 6)
        #expect(try traces(of: Self.needle, in: directory.state).contains("revisions/000005/revision.json"))
        #expect(try await store.removeTainted() == [5])
        #expect(try await store.revisions().map(\.number) == [6, 4, 1])
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
        #expect(await code { _ = try await store.activate(2) } == .notFound)
        #expect(try await store.activate(1).learnt == 0)
        try await checkInvariants(store, directory.state, "tainted")
        await store.close()
    }

    @Test func `takes them along at the next start, too`() async throws {
        let directory = try TemporaryDirectory()
        let store = try await prepare(directory.state)
        _ = try await store.activate(3)
        _ = try await store.purge(2)
        await store.close()
        let next = try open(directory.state)
        // The pinned one is gone, the serving one stays.
        #expect(try await next.revisions().map(\.number) == [4, 3, 1])
        #expect(try traces(of: Self.needle, in: directory.state).isEmpty)
        try await checkInvariants(next, directory.state, "tainted at start")
        _ = try await next.activate(1)
        #expect(try await next.removeTainted() == [3])
        await next.close()
    }

    /// What is done to a state in which revisions 2 and 3 are tainted, or about to be.
    enum Step: String, CaseIterable, Sendable { case purge, removeTainted }

    @Test(arguments: Step.allCases) func `is finished whatever step fails, or is the last`(step: Step) async throws {
        func run(_ store: StateStore) async throws {
            switch step {
            case .purge: #expect(try await store.purge(2).description == "2")
            case .removeTainted: #expect(try await store.removeTainted() == [3, 2])
            }
        }
        for isCrash in [false, true] {
            var number = 1
            while true {
                let directory = try TemporaryDirectory()
                let faults = Faults()
                let store = try await prepare(directory.state, faults)
                let snapshot = "\(directory.state)/.snapshot-x"
                try FileManager.default.createDirectory(atPath: snapshot, withIntermediateDirectories: false)
                try Data(Self.needle.utf8).write(to: URL(filePath: "\(snapshot)/state.sqlite"))
                if step == .removeTainted { _ = try await store.purge(2) }
                faults.arm(failing: number, isCrash: isCrash)
                let error = await failure { try await run(store) }
                let hasFired = faults.hasFired
                let context = Comment(rawValue: "\(step), crash: \(isCrash), step \(number), \(faults.steps)")
                if !hasFired {
                    #expect(error == nil, context)
                    await store.close()
                    break
                }
                #expect(error != nil, context)
                var next = store
                var path = directory.state
                if isCrash {
                    path = "\(directory.path)/copy"
                    try FileManager.default.copyItem(atPath: directory.state, toPath: path)
                    await store.close()
                    next = try open(path)
                } else {
                    faults.arm(failing: nil)
                }
                let isPurged = try await next.correction(2).isPurged
                #expect(isPurged || step == .purge, context)
                if error?.code != .durabilityUnknown { #expect(isPurged == (step == .removeTainted), context) }
                if isCrash, isPurged {
                    #expect(try traces(of: Self.needle, in: path).isEmpty, context)
                    #expect(try await next.revisions().map(\.number) == [4, 1], context)
                }
                // Done again it is done.
                #expect(try await next.purge(2).description == "2", context)
                let removed = try await next.removeTainted()
                #expect(removed.isEmpty || removed == [3, 2], context)
                #expect(try traces(of: Self.needle, in: path).isEmpty, context)
                #expect(try await next.revisions().map(\.number) == [4, 1], context)
                try await checkInvariants(next, path, context.rawValue)
                _ = try await next.publish(draft(next))
                await next.close()
                number += 1
            }
            print("\(step.rawValue), crash: \(isCrash): \(number - 1) steps")
            #expect(number > 5)
        }
    }

    @Test func `is finished by removing what is tainted again, though nothing new is`() async throws {
        var number = 1
        var hasFired = true
        while hasFired {
            let directory = try TemporaryDirectory()
            let faults = Faults()
            let store = try await prepare(directory.state, faults)
            _ = try await store.purge(2)
            faults.arm(failing: number)
            let error = await failure { _ = try await store.removeTainted() }
            hasFired = faults.hasFired
            #expect((error != nil) == hasFired, "step \(number)")
            faults.arm(failing: nil)
            _ = try await store.removeTainted()
            #expect(try traces(of: Self.needle, in: directory.state).isEmpty, "step \(number)")
            #expect(try await store.revisions().map(\.number) == [4, 1], "step \(number)")
            // And then there is nothing more to do.
            faults.arm(failing: nil)
            #expect(try await store.removeTainted().isEmpty)
            #expect(!faults.steps.contains(.rebuild), "step \(number)")
            await store.close()
            number += 1
        }
        #expect(number > 5)
    }
}
