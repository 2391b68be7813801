import Foundation
import Storage
import Testing

@Suite struct `Publishing a revision` {
    @Test func `writes what it was told, and serves it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b", "c"] { _ = try await store.append(correction(text)) }
        var draft = try await draft(store, body: newBody("weights"), head: [1, 3], bodySet: true)
        draft.seed = .max
        draft.steps = 12
        draft.hyperparameters = try JSONValue(encoding: ["learningRate": 1e-4])
        draft.guardReport = .object(["accepted": .bool(true), "pairs": .array([.integer(3), .null, .string("x")])])
        draft.holdout.insert(2, try await store.correction(2).digest)
        let record = try await store.publish(draft)
        #expect(record.number == 1 && record.parent == 0 && record.body == 1 && record.isServing && !record.isPinned)
        #expect(store.serving == 1)
        #expect(try await store.revision(1) == record)
        #expect(try await store.revisions() == [record])

        let path = try await store.verifiedDirectory(of: 1)
        #expect(path == "\(directory.state)/revisions/000001")
        let manifest = try JSONDecoder().decode(
            RevisionManifest.self, from: Data(contentsOf: URL(filePath: "\(path)/revision.json")))
        #expect(manifest == record.manifest)
        #expect(manifest.seed == .max && manifest.steps == 12 && manifest.labels == ["yes", "no"])
        #expect(manifest.corrections.head.sequences.description == "1,3")
        #expect(manifest.guardReport == draft.guardReport && manifest.kernelPath == "plain")
        #expect(manifest.baseModel == model)
        #expect(Set(manifest.files.keys) == ["adapter_config.json", "adapter_model.safetensors", "head.safetensors"])
        #expect(manifest.files["adapter_config.json"]?.isBody == true)
        #expect(manifest.files["head.safetensors"]?.isBody == false)
        #expect(try Data(contentsOf: URL(filePath: "\(path)/adapter_model.safetensors")) == Data("weights".utf8))
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
            #expect(mode == 0o400)
        }

        // What the body has learnt and what judged it is said of each correction.
        #expect(try await states(store) == [1: .learnt, 2: .queued, 3: .learnt])
        let corrections = try await store.corrections(limit: 10)
        #expect(corrections.map(\.isLearntByBody) == [true, false, true])
        #expect(corrections.map(\.isHoldout) == [false, true, false])
        #expect(corrections.map(\.revision) == [1, nil, 1])
        try await checkInvariants(store, directory.state, "published")
        await store.close()
    }

    @Test func `brings everything to disk, in this order, before it counts`() async throws {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try open(directory.state, faults: faults)
        _ = try await store.append(correction("a"))
        let first = try await draft(store, body: newBody("weights"))
        faults.arm(failing: nil)
        _ = try await store.publish(first)
        #expect(
            faults.steps == [
                .makeDirectory(".new-000001"),
                .write("adapter_model.safetensors"), .sync("adapter_model.safetensors"),
                .write("adapter_config.json"), .sync("adapter_config.json"),
                .write("head.safetensors"), .sync("head.safetensors"),
                .write("revision.json"), .sync("revision.json"),
                .sync(".new-000001"), .rename("000001"), .sync("revisions"),
                .commit, .committed, .replaceLink("current"),
            ])
        let second = try await draft(store, body: .sameAs(1))
        faults.arm(failing: nil)
        _ = try await store.publish(second)
        #expect(
            faults.steps == [
                .makeDirectory(".new-000002"),
                .link("adapter_config.json"), .link("adapter_model.safetensors"),
                .write("head.safetensors"), .sync("head.safetensors"),
                .write("revision.json"), .sync("revision.json"),
                .sync(".new-000002"), .rename("000002"), .sync("revisions"),
                .commit, .committed, .replaceLink("current"),
            ])
        await store.close()
    }

    @Test func `shares the files of a body that stays`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store, body: newBody("weights")))
        let second = try await store.publish(draft(store, body: .sameAs(1)))
        let third = try await store.publish(draft(store, body: .sameAs(2)))
        #expect(second.body == 1 && third.body == 1)
        let links = try (1...3).map { number in
            try FileManager.default.attributesOfItem(
                atPath: "\(directory.state)/revisions/00000\(number)/adapter_model.safetensors")
        }
        #expect(links.allSatisfy { $0[.referenceCount] as? Int == 3 })
        #expect(Set(links.map { $0[.systemFileNumber] as? Int }).count == 1)
        let own = try FileManager.default.attributesOfItem(
            atPath: "\(directory.state)/revisions/000003/head.safetensors")
        #expect(own[.referenceCount] as? Int == 1)
        for number in 1...3 { _ = try await store.verifiedDirectory(of: number) }
        #expect(try await store.publish(draft(store, body: .sameAs(0))).body == 0)
        await store.close()
    }

    @Test func `is a conflict when what it was made from does not hold any more`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b"] { _ = try await store.append(correction(text)) }
        let stale = try await draft(store, body: newBody("old"), bodySet: true)
        _ = try await store.retract(2)
        let error = await failure { _ = try await store.publish(stale) }
        #expect(error?.code == .conflict)
        #expect(error?.text.contains("correction 2") == true)

        // A head must not have learnt what was superseded; a body that took its time may have.
        var superseding = try await draft(store, body: newBody("new"), bodySet: true)
        _ = try await store.append(correction("a", "no"))
        #expect(await code { _ = try await store.publish(superseding) } == .conflict)
        superseding.head = try await draft(store).head
        #expect(try await store.publish(superseding).number == 1)
        // The body's own corrections matter as much once they are taken back.
        var later = try await draft(store, body: newBody("newer"), bodySet: true)
        _ = try await store.retract(3)
        later.head = CorrectionSet()
        #expect(await code { _ = try await store.publish(later) } == .conflict)
        later.body = .sameAs(1)
        #expect(try await store.publish(later).number == 2)

        var unexpected = try await draft(store)
        unexpected.expectedServing = 1
        #expect(await code { _ = try await store.publish(unexpected) } == .conflict)
        try await checkInvariants(store, directory.state, "after conflicts")
        await store.close()
    }

    @Test func `finds at its commit what changed while it wrote`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b"] { _ = try await store.append(correction(text)) }
        var slow = try await draft(store)
        // The file's writer takes the correction back, which is not held up by the files.
        slow.files.append(
            RevisionFile(
                name: "late.json",
                content: .writer { path in
                    let done = DispatchSemaphore(value: 0)
                    Task {
                        _ = try await store.retract(1)
                        done.signal()
                    }
                    done.wait()
                    try Data("late".utf8).write(to: URL(filePath: path))
                }))
        #expect(await code { _ = try await store.publish(slow) } == .conflict)
        #expect(store.serving == 0)
        #expect(try await states(store) == [1: .retracted, 2: .queued])
        try await checkInvariants(store, directory.state, "late conflict")
        // Its number may be in a log somewhere.
        #expect(try await store.publish(draft(store)).number == 2)
        await store.close()
    }

    @Test(arguments: [
        "", ".", "..", "../x", "/etc/x", "a\0b", ".hidden", "a/", "/a", "a//b", "a/b/c", "a/..", "a/.b", ".a/b",
        "a/b\0", "a/\u{301}b/c", "revision.json", "revision.json/a", "head.safetensors", "head.safetensors/a",
    ])
    func `refuses file names that are not plain, or used twice`(name: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        var draft = try await draft(store)
        draft.files.append(RevisionFile(name: name, content: .bytes(Data())))
        #expect(await code { _ = try await store.publish(draft) } == .invalid)
        await store.close()
    }

    @Test func `refuses numbers that are none in its manifest, and revisions that are not there`() async throws {
        #expect(throws: StorageError.self) { try JSONValue(encoding: ["rate": Double.nan]) }
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        #expect(await code { _ = try await store.publish(draft(store, body: .sameAs(4))) } == .notFound)
        var orphan = try await draft(store)
        orphan.parent = 4
        #expect(await code { _ = try await store.publish(orphan) } == .notFound)
        orphan.parent = -1
        #expect(await code { _ = try await store.publish(orphan) } == .invalid)
        var clashing = try await draft(store, body: newBody("x"))
        _ = try await store.publish(clashing)
        clashing = try await draft(store, body: .sameAs(1))
        clashing.files.append(RevisionFile(name: "adapter_config.json", content: .bytes(Data())))
        #expect(await code { _ = try await store.publish(clashing) } == .invalid)
        await store.close()
    }

    @Test func `keeps the last bodies and revisions, the pinned and the serving one`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state) {
            $0.keptBodies = 2
            $0.keptRevisions = 4
        }
        _ = try await store.append(correction("a"))
        func kept() async throws -> [Int] {
            // After the deletions, which the same queue did before.
            _ = try await store.verifiedDirectory(of: store.serving)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory.state)/revisions")
            let numbers = try await store.revisions().map(\.number)
            #expect(Set(names) == Set(numbers.map { String(format: "%06d", $0) }))
            return numbers
        }
        for _ in 1...6 { _ = try await store.publish(draft(store)) }
        #expect(try await kept() == [6, 5, 4, 3])
        try await store.pin(3, true)
        _ = try await store.publish(draft(store, body: newBody("7")))
        _ = try await store.publish(draft(store, body: newBody("8")))
        #expect(try await kept() == [8, 7, 6, 5, 3])
        _ = try await store.publish(draft(store, body: newBody("9")))
        // 7's body is the third; it is among the last four revisions, yet goes.
        #expect(try await kept() == [9, 8, 6, 3])
        #expect(await code { _ = try await store.revision(7) } == .notFound)
        #expect(await code { _ = try await store.activate(7) } == .notFound)
        #expect(await code { try await store.pin(7, true) } == .notFound)
        #expect(await code { _ = try await store.verifiedDirectory(of: 7) } == .notFound)
        _ = try await store.activate(6)
        for _ in 1...4 {
            var draft = try await draft(store)
            draft.parent = 6
            _ = try await store.publish(draft)
        }
        // The serving one's parent stays, to fall back to.
        #expect(try await kept() == [13, 12, 11, 10, 6, 3])
        try await store.pin(3, false)
        _ = try await store.publish(draft(store, body: .sameAs(12)))
        #expect(try await kept() == [14, 13, 12, 11])
        await store.close()

        let next = try open(directory.state)
        #expect(next.serving == 14)
        #expect(try await next.revisions().count == 4)
        #expect(try await next.correction(1).revision != nil)
        await next.close()
    }

    @Test func `keeps as many revisions and bodies besides the pinned ones as it was told`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state) {
            $0.keptBodies = 2
            $0.keptRevisions = 4
        }
        _ = try await store.append(correction("a"))
        func kept() async throws -> [Int] { try await store.revisions().map(\.number) }
        for number in 1...3 {
            _ = try await store.publish(draft(store, body: newBody("\(number)")))
            if number == 2 { try await store.pin(2, true) }
        }
        // 1's body is the second of those that are not pinned.
        #expect(try await kept() == [3, 2, 1])
        _ = try await store.publish(draft(store, body: .sameAs(3)))
        try await store.pin(3, true)
        try await store.pin(4, true)
        for _ in 5...7 { _ = try await store.publish(draft(store)) }
        #expect(try await kept() == [7, 6, 5, 4, 3, 2, 1])
        _ = try await store.publish(draft(store))
        #expect(try await kept() == [8, 7, 6, 5, 4, 3, 2])
        await store.close()
    }

    @Test func `is found out when one byte of a file changes`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store, body: newBody("weights")))
        let path = try await store.verifiedDirectory(of: 1)
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let file = URL(filePath: "\(path)/\(name)")
            let whole = try Data(contentsOf: file)
            chmod(file.path, 0o600)
            for index in Set([0, whole.count / 2, whole.count - 1]) {
                var changed = whole
                changed[index] ^= 1
                try changed.write(to: file)
                let error = await failure { _ = try await store.verifiedDirectory(of: 1) }
                #expect(error?.code == .corrupt)
                #expect(error?.text.contains(name) == true)
            }
            for changed in [whole.dropLast(), whole + [0], Data()] {
                try changed.write(to: file)
                #expect(await code { _ = try await store.verifiedDirectory(of: 1) } == .corrupt)
            }
            try FileManager.default.removeItem(at: file)
            #expect(await code { _ = try await store.verifiedDirectory(of: 1) } == .corrupt)
            mkfifo(file.path, 0o400)
            #expect(await code { _ = try await store.verifiedDirectory(of: 1) } == .corrupt)
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: "/dev/zero")
            #expect(await code { _ = try await store.verifiedDirectory(of: 1) } != nil)
            try FileManager.default.removeItem(at: file)
            try whole.write(to: file)
            _ = try await store.verifiedDirectory(of: 1)
        }
        try Data().write(to: URL(filePath: "\(path)/more"))
        #expect(await code { _ = try await store.verifiedDirectory(of: 1) } == .corrupt)
        try FileManager.default.removeItem(atPath: path)
        #expect(await code { _ = try await store.verifiedDirectory(of: 1) } == .corrupt)
        await store.close()
    }

    @Test func `a snapshot is a state directory with the same content`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b", "a"] { _ = try await store.append(correction(text, key: text == "b" ? "k" : nil)) }
        _ = try await store.publish(draft(store, body: newBody("weights")))
        _ = try await store.publish(draft(store, body: .sameAs(1)))
        _ = try await store.append(correction("c"))
        let snapshot = try await store.snapshot()
        #expect(snapshot.hasPrefix(directory.state + "/.snapshot-"))
        let inode = try FileManager.default.attributesOfItem(atPath: "\(snapshot)/revisions/000001/revision.json")
        #expect(inode[.referenceCount] as? Int == 2)
        // Later changes are not in it.
        _ = try await store.append(correction("d"))
        let copy = "\(directory.path)/copy"
        try FileManager.default.copyItem(atPath: snapshot, toPath: copy)
        let restored = try open(copy)
        #expect(try await restored.corrections(limit: 10) == store.corrections(limit: 4))
        #expect(try await restored.revisions() == store.revisions())
        #expect(restored.serving == 2)
        try await checkInvariants(restored, copy, "restored")
        #expect(try await restored.append(correction("b", key: "k")).isDuplicate)
        #expect(try await restored.append(correction("e")).sequence == 5)
        #expect(try await restored.durability() == "wal exclusive 2")
        await restored.close()
        await store.close()
        // One that nobody removed goes at the next start.
        let next = try open(directory.state)
        #expect(!FileManager.default.fileExists(atPath: snapshot))
        await next.close()
    }
}
