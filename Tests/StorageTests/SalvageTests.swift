import Foundation
import Storage
import Testing

@Suite struct `A damaged journal` {
    /// Three corrections learnt by revision 2, and one queued; the store is closed.
    private func prepare(_ path: String) async throws {
        let store = try open(path)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store, body: newBody("weights")))
        _ = try await store.append(correction("an unmistakable text", key: "second"))
        _ = try await store.append(correction("c"))
        _ = try await store.publish(draft(store, body: .sameAs(1)))
        _ = try await store.append(correction("d"))
        try await store.append(burst(1))
        try await store.pin(1, true)
        await store.close()
    }

    private func salvaged(_ path: String, faults: Faults? = nil) throws(StorageError) -> StateStore {
        try open(path, faults: faults) { $0.salvages = true }
    }

    /// Makes a text another one, as a flipped bit does.
    private func damage(_ path: String, _ text: String = "unmistakable") throws {
        let data = try Data(contentsOf: URL(filePath: "\(path)/state.sqlite"))
        let place = try #require(data.firstRange(of: Data(text.utf8)))
        try patch("\(path)/state.sqlite", at: place.lowerBound, with: Array(text.uppercased().utf8))
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test func `is set aside, and all but the damaged correction is kept`() async throws {
        let directory = try TemporaryDirectory()
        try await prepare(directory.state)
        try damage(directory.state)
        let damaged = try Data(contentsOf: URL(filePath: "\(directory.state)/state.sqlite"))
        let store = try salvaged(directory.state)
        #expect(try Data(contentsOf: URL(filePath: "\(directory.state)/damaged-1.sqlite")) == damaged)
        #expect(try await states(store) == [1: .learnt, 3: .learnt, 4: .queued])
        #expect(await code { _ = try await store.correction(2) } == .notFound)
        #expect(try await store.correction(3).content.text == "c")
        #expect(store.serving == 2)
        #expect(try await store.revisions().map(\.number) == [2, 1])
        #expect(try await store.revision(1).isPinned)
        #expect(try await store.bursts(limit: 10).map(\.id) == [1])
        try await checkInvariants(store, directory.state, "salvaged")
        // No number is given twice, and the journal goes on; what was lost may come again.
        #expect(try await store.append(correction("an unmistakable text", key: "second")).sequence == 5)
        #expect(try await store.publish(draft(store, body: .sameAs(1))).number == 3)
        await store.close()
        await (try open(directory.state)).close()
        #expect(try names(directory.state) == ["current", "damaged-1.sqlite", "lock", "revisions", "state.sqlite"])

        try damage(directory.state)
        let again = try salvaged(directory.state)
        #expect(try names(directory.state).contains("damaged-2.sqlite"))
        #expect(try await states(again) == [1: .learnt, 3: .learnt, 4: .learnt])
        await again.close()
    }

    @Test func `keeps the corrections of the pages that can be read`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for index in 0..<200 { _ = try await store.append(correction("text \(index)")) }
        await store.close()
        let path = "\(directory.state)/state.sqlite"
        let data = try Data(contentsOf: URL(filePath: path))
        let place = try #require(data.firstRange(of: Data("text 100".utf8)))
        try patch(path, at: place.lowerBound / 4096 * 4096, with: [255, 255, 255, 255])
        let next = try salvaged(directory.state)
        let kept = try await states(next)
        #expect(kept[101] == nil)
        #expect(kept[1] == .queued)
        #expect(kept[200] == .queued)
        #expect((150..<200).contains(kept.count))
        try await checkInvariants(next, directory.state, "without a page")
        #expect(try await next.append(correction("new")).sequence == 201)
        await next.close()
    }

    @Test func `of which nothing can be read is refused, and nothing is changed`() async throws {
        let directory = try TemporaryDirectory()
        try await prepare(directory.state)
        let path = "\(directory.state)/state.sqlite"
        for data in [Data(), Data(repeating: 0x41, count: 8192)] {
            try data.write(to: URL(filePath: path))
            chmod(path, 0o600)
            for _ in 0..<2 {
                let error = #expect(throws: StorageError.self) { try salvaged(directory.state) }
                #expect(error?.code == .corrupt)
                #expect(error?.text.contains("put state.sqlite back from a backup") == true)
            }
            // SQLite gives an empty file a first page.
            if !data.isEmpty { #expect(try Data(contentsOf: URL(filePath: path)) == data) }
            #expect(try names(directory.state) == ["current", "lock", "revisions", "state.sqlite"])
            #expect(try names("\(directory.state)/revisions") == ["000001", "000002"])
        }
    }

    @Test func `is whole again whatever moment a salvage is interrupted at`() async throws {
        let directory = try TemporaryDirectory()
        try await prepare(directory.state)
        let store = try open(directory.state)
        for text in ["e", "f", "g"] { _ = try await store.append(correction(text)) }
        let source = "\(directory.path)/crashed"
        try crashed(directory.state, as: source)
        await store.close()
        // Its first frame is damaged, so that all three are lost; both files must be kept as they are.
        try patch("\(source)/state.sqlite-wal", at: 100, with: [0xAA, 0xAA])
        let files = ["state.sqlite", "state.sqlite-wal"]
        let damaged = try files.map { try Data(contentsOf: URL(filePath: "\(source)/\($0)")) }
        let faults = Faults()
        var number = 0
        repeat {
            number += 1
            let copy = "\(directory.path)/\(number)"
            try FileManager.default.copyItem(atPath: source, toPath: copy)
            faults.arm(failing: number, isCrash: true)
            let interrupted = try? salvaged(copy, faults: faults)
            await interrupted?.close()
            let context =
                "interrupted at step \(number), \(faults.steps.dropFirst(number - 1).first.map { "\($0)" } ?? "")"
            let store = try salvaged(copy)
            #expect(try await states(store) == [1: .learnt, 2: .learnt, 3: .learnt, 4: .queued], "\(context)")
            try await checkInvariants(store, copy, context)
            await store.close()
            let aside = ["damaged-1.sqlite", "damaged-1.sqlite-wal"]
            #expect(try names(copy) == ["current"] + aside + ["lock", "revisions", "state.sqlite"], "\(context)")
            for (name, data) in zip(aside, damaged) {
                #expect(try Data(contentsOf: URL(filePath: "\(copy)/\(name)")) == data, "\(context)")
            }
        } while faults.hasFired
        #expect(number > 12)
    }

    /// What a crash leaves of a store that is open: nothing of its log has been moved into the database.
    private func crashed(_ path: String, as copy: String) throws {
        try FileManager.default.copyItem(atPath: path, toPath: copy)
    }

    @Test func `is noticed in the log, where SQLite would forget what comes behind`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for index in 1...20 { _ = try await store.append(correction("text \(index)")) }
        let size = try Data(contentsOf: URL(filePath: "\(directory.state)/state.sqlite-wal")).count
        let places = [3, 20, 32, 41, 60, 32 + 3 * 4120, size / 2]
        for (index, place) in places.enumerated() {
            let copy = "\(directory.path)/\(index)"
            try crashed(directory.state, as: copy)
            let wal = "\(copy)/state.sqlite-wal"
            var bytes = try Data(contentsOf: URL(filePath: wal))
            bytes[place] ^= 1
            try bytes.write(to: URL(filePath: wal))
            let error = #expect(throws: StorageError.self, "byte \(place)") { try open(copy) }
            #expect(error?.code == .corrupt)
            #expect(error?.text.contains("transactions that were committed lie behind the damage") == true)
            #expect(try Data(contentsOf: URL(filePath: wal)) == bytes)
        }
        // As it is, all of it is there; and the last transaction may be one that the power failed under.
        for (index, place) in [nil, size - 1].enumerated() {
            let copy = "\(directory.path)/sound \(index)"
            try crashed(directory.state, as: copy)
            if let place { try patch("\(copy)/state.sqlite-wal", at: place, with: [0xAA]) }
            let next = try open(copy)
            #expect(next.counts[.queued] == 20 - index)
            await next.close()
        }
        await store.close()
    }

    @Test func `that ends before what a revision has learnt is noticed`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store))
        await store.close()
        let old = try Data(contentsOf: URL(filePath: "\(directory.state)/state.sqlite"))
        let next = try open(directory.state)
        _ = try await next.append(correction("b"))
        _ = try await next.publish(draft(next))
        await next.close()
        try old.write(to: URL(filePath: "\(directory.state)/state.sqlite"))
        chmod("\(directory.state)/state.sqlite", 0o600)
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .corrupt)
        #expect(error?.text.contains("ends with correction 1, and revision 2 has learnt correction 2") == true)
        let last = try salvaged(directory.state)
        #expect(last.serving == 1)
        #expect(try await states(last) == [1: .learnt])
        #expect(try await last.append(correction("c")).sequence == 3)
        #expect(try await last.publish(draft(last)).number == 3)
        await last.close()
    }

    @Test func `that cannot be opened is rid of what interrupted attempts have left`() async throws {
        let directory = try TemporaryDirectory()
        try await prepare(directory.state)
        try patch("\(directory.state)/state.sqlite", at: 0, with: Array("no database".utf8))
        let left = "\(directory.state)/.snapshot-left"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
        try Data(count: 10_000).write(to: URL(filePath: "\(left)/old.sqlite"))
        #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func `that is set aside keeps a purge from being complete`() async throws {
        let directory = try TemporaryDirectory()
        try await prepare(directory.state)
        try damage(directory.state)
        let store = try salvaged(directory.state)
        let error = await failure { _ = try await store.purge(1) }
        #expect(error?.code == .durabilityUnknown)
        #expect(error?.text.contains("damaged-1.sqlite; remove it") == true)
        #expect(try await store.correction(1).isPurged)
        try FileManager.default.removeItem(atPath: "\(directory.state)/damaged-1.sqlite")
        #expect(try await store.purge(1).description == "1")
        await store.close()
    }
}

@Suite struct `A damaged revision` {
    private func chain(_ path: String) async throws -> StateStore {
        let store = try open(path)
        for text in ["a", "b", "c"] {
            _ = try await store.append(correction(text))
            _ = try await store.publish(draft(store))
        }
        return store
    }

    @Test func `gives way to one that it was made from`() async throws {
        let directory = try TemporaryDirectory()
        let store = try await chain(directory.state)
        _ = try await store.append(correction("d"))
        #expect(try await store.ancestors(of: 3) == [2, 1, 0])
        #expect(try await store.fallBack(to: 1, from: [3, 2]) == 2)
        #expect(store.serving == 1)
        #expect(try await states(store) == [1: .learnt, 2: .queued, 3: .queued, 4: .queued])
        #expect(try await store.revisions().map(\.number) == [1])
        try await checkInvariants(store, directory.state, "fallen back")
        #expect(try await store.publish(draft(store)).number == 4)
        #expect(try await store.ancestors(of: 4) == [1, 0])
        #expect(try await store.fallBack(to: 0, from: [4, 1]) == 4)
        await store.close()
        let next = try open(directory.state)
        #expect(next.serving == 0)
        #expect(next.counts[.queued] == 4)
        try await checkInvariants(next, directory.state, "nothing left")
        await next.close()
    }

    @Test func `is not replaced by one that it was not made from`() async throws {
        let directory = try TemporaryDirectory()
        let store = try await chain(directory.state)
        _ = try await store.activate(1)
        _ = try await store.append(correction("e"))
        #expect(try await store.publish(draft(store, head: [1, 4])).number == 4)
        #expect(try await store.ancestors(of: 4) == [1, 0])
        await store.close()
    }

    @Test func `that is missing and does not serve is let go of`() async throws {
        let directory = try TemporaryDirectory()
        await (try await chain(directory.state)).close()
        try FileManager.default.removeItem(atPath: "\(directory.state)/revisions/000002")
        let store = try open(directory.state)
        #expect(try await store.revisions().map(\.number) == [3, 1])
        #expect(try await store.ancestors(of: 3) == [1, 0])
        try await checkInvariants(store, directory.state, "one is missing")
        await store.close()
    }

    @Test func `is whole or gone for a journal that went back, whatever moment its removal was interrupted at`()
        async throws
    {
        var isInterrupted = false
        for step in 1... {
            let directory = try TemporaryDirectory()
            let faults = Faults()
            let store = try open(directory.state, faults: faults) {
                ($0.keptBodies, $0.keptRevisions) = (1, 1)
            }
            _ = try await store.append(correction("a"))
            _ = try await store.publish(draft(store, body: newBody("one")))
            _ = try await store.publish(draft(store, body: newBody("two")))
            let names = ["state.sqlite", "state.sqlite-wal"]
            let before = try names.map { try Data(contentsOf: URL(filePath: "\(directory.state)/\($0)")) }
            faults.arm(failing: step, isCrash: true)
            _ = try? await store.publish(draft(store, body: newBody("three")))
            await store.close()
            // What is removed is removed file by file.
            isInterrupted =
                isInterrupted || faults.hasFired && faults.steps.contains(.remove("adapter_config.json"))
            for (name, data) in zip(names, before) {
                try data.write(to: URL(filePath: "\(directory.state)/\(name)"))
            }
            let next = try open(directory.state)
            try await checkInvariants(next, directory.state, "at step \(step)")
            await next.close()
            if !faults.hasFired { break }
        }
        #expect(isInterrupted)
    }
}
