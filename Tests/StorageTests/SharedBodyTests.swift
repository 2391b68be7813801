import Foundation
import Storage
import Testing

/// Bodies that are whole model directories, and what is put on top of them.
@Suite struct `A body with folders` {
    private static let folder = "1_Pooling"

    /// A dense body: three files, one of them in a folder.
    private static func dense(_ weights: String) -> RevisionDraft.Body {
        .new([
            RevisionFile(name: "model.safetensors", content: .bytes(Data(weights.utf8))),
            RevisionFile(name: "1_Pooling/config.json", content: .bytes(Data("{}".utf8))),
            RevisionFile(
                name: "tokenizer.json",
                content: .writer { path in try Data("tokens".utf8).write(to: URL(filePath: path)) }),
        ])
    }

    private static func adapter(_ weights: String) -> [RevisionFile] {
        [
            RevisionFile(name: "adapter_config.json", content: .bytes(Data("{\"r\": 4}".utf8))),
            RevisionFile(name: "adapter_model.safetensors", content: .bytes(Data(weights.utf8))),
        ]
    }

    private func inode(_ directory: TemporaryDirectory, _ revision: Int, _ name: String) throws -> Int? {
        let path = "\(directory.state)/revisions/\(String(format: "%06d", revision))/\(name)"
        return try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    }

    @Test func `brings its folders to disk before it counts`() async throws {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try open(directory.state, faults: faults)
        _ = try await store.append(correction("a"))
        for (number, body) in [(1, Self.dense("weights")), (2, .sameAs(1))] {
            let draft = try await draft(store, body: body)
            faults.arm(failing: nil)
            _ = try await store.publish(draft)
            let steps = faults.steps
            let name = ".new-00000\(number)"
            let made = try #require(steps.firstIndex(of: .makeDirectory(Self.folder)))
            let filled = try #require(
                steps.firstIndex(of: number == 1 ? .sync("config.json") : .link("config.json")))
            let synced = try #require(steps.firstIndex(of: .sync(Self.folder)))
            let whole = try #require(steps.firstIndex(of: .sync(name)))
            let renamed = try #require(steps.firstIndex(of: .rename("00000\(number)")))
            #expect(made < filled && filled < synced && synced < whole && whole < renamed)
            #expect(steps.count { $0 == .makeDirectory(Self.folder) } == 1)
        }
        let path = try await store.verifiedDirectory(of: 2)
        #expect(try Data(contentsOf: URL(filePath: "\(path)/1_Pooling/config.json")) == Data("{}".utf8))
        #expect(try await store.revision(2).manifest.files["1_Pooling/config.json"]?.isBody == true)
        try await checkInvariants(store, directory.state, "folders")
        await store.close()
    }

    @Test func `is found out when anything in its folders changes`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.publish(draft(store, body: Self.dense("weights")))
        let path = try await store.verifiedDirectory(of: 1)
        let files = FileManager.default
        let folder = "\(path)/1_Pooling"
        func expectNamed(_ name: String, _ comment: Comment) async {
            let error = await failure { _ = try await store.verifiedDirectory(of: 1) }
            #expect(error?.code == .corrupt, comment)
            #expect(error?.text.contains(name) == true, comment)
        }
        try Data("x".utf8).write(to: URL(filePath: "\(folder)/foreign"))
        await expectNamed("1_Pooling/foreign", "a foreign file in it")
        try files.removeItem(atPath: "\(folder)/foreign")
        for name in ["2_Dense", "1_Pooling/deeper"] {
            try files.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: false)
            await expectNamed(name, "an empty folder")
            try files.removeItem(atPath: "\(path)/\(name)")
        }
        let config = URL(filePath: "\(folder)/config.json")
        chmod(config.path, 0o600)
        try Data("[]".utf8).write(to: config)
        await expectNamed("1_Pooling/config.json", "another content")
        try files.removeItem(at: config)
        await expectNamed("1_Pooling/config.json", "an empty folder in place of its file")
        try Data("{}".utf8).write(to: config)
        _ = try await store.verifiedDirectory(of: 1)
        // The same content elsewhere is not the revision's.
        try files.moveItem(atPath: folder, toPath: "\(directory.path)/moved")
        try files.createSymbolicLink(atPath: folder, withDestinationPath: "\(directory.path)/moved")
        await expectNamed("1_Pooling", "a link in place of the folder")
        try files.removeItem(atPath: folder)
        await expectNamed("1_Pooling/config.json", "no folder")
        try Data().write(to: URL(filePath: folder))
        await expectNamed("1_Pooling", "a file in place of the folder")
        await store.close()
    }

    @Test func `is snapshot and removed with its folders`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state) { $0.keptRevisions = 2 }
        _ = try await store.publish(draft(store, body: Self.dense("weights")))
        let snapshot = try await store.snapshot()
        let copy = "\(directory.path)/copy"
        try FileManager.default.copyItem(atPath: snapshot, toPath: copy)
        try FileManager.default.removeItem(atPath: snapshot)
        let restored = try open(copy)
        try await checkInvariants(restored, copy, "restored")
        #expect(restored.serving == 1)
        await restored.close()
        for _ in 1...3 { _ = try await store.publish(draft(store)) }
        _ = try await store.verifiedDirectory(of: 4)
        try await checkInvariants(store, directory.state, "removed")
        #expect(try await store.revisions().map(\.number) == [4, 3])
        await store.close()
    }

    @Test func `carries an adapter, and a further one in its place`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store, body: Self.dense("weights")))
        let second = try await store.publish(draft(store, body: .over(1, Self.adapter("first")), bodySet: true))
        let third = try await store.publish(draft(store, body: .over(2, Self.adapter("second"))))
        #expect(second.body == 2 && third.body == 3)
        for name in ["model.safetensors", "1_Pooling/config.json", "tokenizer.json"] {
            #expect(Set(try (1...3).map { try inode(directory, $0, name) }).count == 1)
            #expect(third.manifest.files[name] == second.manifest.files[name])
            #expect(third.manifest.files[name]?.isBody == true)
        }
        for name in ["adapter_config.json", "adapter_model.safetensors"] {
            let (earlier, later) = (try inode(directory, 2, name), try inode(directory, 3, name))
            #expect(earlier != later)
            #expect(third.manifest.files[name]?.isBody == true)
        }
        #expect(third.manifest.files.count == 6)
        let path = try await store.verifiedDirectory(of: 3)
        #expect(
            try Data(contentsOf: URL(filePath: "\(path)/adapter_model.safetensors")) == Data("second".utf8))

        // The adapter merged into the weights: the tokenizer stays, the adapter goes.
        let merged = RevisionFile(name: "model.safetensors", content: .bytes(Data("merged".utf8)))
        let adapterNames = Set(Self.adapter("").map(\.name))
        let fourth = try await store.publish(
            draft(store, body: .over(3, dropping: adapterNames, [merged])))
        #expect(
            Set(fourth.manifest.files.keys)
                == ["model.safetensors", "1_Pooling/config.json", "tokenizer.json", "head.safetensors"])
        for (name, isShared) in [("tokenizer.json", true), ("model.safetensors", false)] {
            let (first, last) = (try inode(directory, 1, name), try inode(directory, 4, name))
            #expect((first == last) == isShared)
        }
        for number in 1...4 { _ = try await store.verifiedDirectory(of: number) }
        try await checkInvariants(store, directory.state, "over")
        #expect(try await store.publish(draft(store, body: .over(0, Self.adapter("new")))).body == 5)
        await store.close()
    }

    @Test func `refuses what cannot be put on top of it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b"] { _ = try await store.append(correction(text)) }
        _ = try await store.publish(draft(store, body: Self.dense("weights")))
        func refusal(_ body: RevisionDraft.Body, with name: String? = nil) async throws -> StorageError? {
            var draft = try await draft(store, body: body, bodySet: true)
            if let name { draft.files.append(RevisionFile(name: name, content: .bytes(Data()))) }
            return await failure { _ = try await store.publish(draft) }
        }
        let missing = try await refusal(.over(7, []))
        #expect(missing?.code == .notFound)
        for revision in [0, 1] {
            let error = try await refusal(.over(revision, dropping: ["adapter_config.json"], []))
            #expect(error?.code == .invalid)
            #expect(error?.text.contains("'adapter_config.json'") == true)
        }
        // A file of the head's with the name of one that is shared, and a name that is a folder of what is shared.
        for name in ["tokenizer.json", "1_Pooling/config.json", "1_Pooling", "tokenizer.json/a"] {
            for body in [RevisionDraft.Body.over(1, []), .sameAs(1)] {
                let error = try await refusal(body, with: name)
                #expect(error?.code == .invalid)
            }
        }
        // It is a new body: what it was trained on must hold.
        _ = try await store.refuse(SequenceSet([2]), as: .quarantined, reason: "why")
        let stale = try await draft(store, body: .over(1, Self.adapter("x")), bodySet: true)
        _ = try await store.retract(1)
        let error = await failure { _ = try await store.publish(stale) }
        #expect(error?.code == .conflict)
        #expect(error?.text.contains("correction 1") == true)
        try await checkInvariants(store, directory.state, "refused")
        await store.close()
    }

    @Test(arguments: [CorrectionState.retracted, .rejected, .quarantined, .withheld, .superseded])
    func `conflicts with a correction of its own that does not hold`(state: CorrectionState) async throws {
        for isHoldout in [false, true] {
            for body in [Self.dense("new"), .over(1, Self.adapter("new"))] {
                let directory = try TemporaryDirectory()
                let store = try open(directory.state)
                _ = try await store.append(correction("kept"))
                _ = try await store.publish(draft(store, body: Self.dense("old")))
                let sequence = try await store.append(correction("doubtful")).sequence
                let digest = try await store.correction(sequence).digest
                switch state {
                case .retracted: _ = try await store.retract(sequence)
                case .withheld: _ = try await store.activate(1)
                case .superseded: _ = try await store.append(correction("doubtful", "no"))
                default: _ = try await store.refuse(SequenceSet([sequence]), as: state, reason: "why")
                }
                #expect(try await store.correction(sequence).state == state)
                var draft = try await draft(store, body: body)
                if isHoldout { draft.holdout.insert(sequence, digest) } else { draft.bodySet.insert(sequence, digest) }
                let error = await failure { _ = try await store.publish(draft) }
                // A burst takes its time: what was corrected again meanwhile was rightly used.
                #expect(error?.code == (state == .superseded ? nil : .conflict))
                if let error { #expect(error.text.contains("correction \(sequence) is \(state.rawValue)")) }
                // What only left a trace is carried on.
                draft = try await StorageTests.draft(store, body: body)
                draft.seen = SequenceSet([sequence])
                let record = try await store.publish(draft)
                #expect(record.manifest.corrections.seen.contains(sequence))
                await store.close()
            }
        }
    }
}
