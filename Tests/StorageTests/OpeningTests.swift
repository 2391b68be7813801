import Foundation
import Storage
import TestSupport
import Testing

@Suite struct `Opening a state directory` {
    @Test func `makes it, for its owner alone, and keeps every commit`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        #expect(try await store.durability() == "wal exclusive 2")
        #expect(store.serving == 0)
        #expect(store.counts == Dictionary(uniqueKeysWithValues: CorrectionState.allCases.map { ($0, 0) }))
        for (name, mode) in [("", 0o700), ("/revisions", 0o700), ("/state.sqlite", 0o600), ("/lock", 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.state + name)
            #expect(attributes[.posixPermissions] as? Int == mode)
        }
        // Without shared memory no other process can be in the log.
        #expect(!FileManager.default.fileExists(atPath: "\(directory.state)/state.sqlite-shm"))
        try await checkInvariants(store, directory.state, "fresh")
        await store.close()
    }

    @Test func `begins in an empty file, too`() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.state, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        _ = FileManager.default.createFile(
            atPath: "\(directory.state)/state.sqlite", contents: nil, attributes: [.posixPermissions: 0o600])
        let store = try open(directory.state)
        #expect(try await store.append(correction("a")).sequence == 1)
        await store.close()
    }

    @Test func `goes through a symbolic link, as systemd makes one for a dynamic user`() async throws {
        let directory = try TemporaryDirectory()
        let link = "\(directory.state)-link"
        try await open(directory.state).close()
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.state)
        defer { try? FileManager.default.removeItem(atPath: link) }
        let store = try open(link)
        #expect(try await store.append(correction("a")).sequence == 1)
        await store.close()
    }

    @Test func `is for one store at a time, and says who has it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .locked)
        #expect(error?.text.contains("process \(getpid())") == true)
        await store.close()
        await store.close()
        #expect(await code { _ = try await store.append(correction("a")) } == .closed)
        let next = try open(directory.state)
        await next.close()
    }

    @Test func `respects another process`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        await store.close()
        let (input, output) = (Pipe(), Pipe())
        let process = try ChildProcess(
            "/usr/bin/flock", ["\(directory.state)/lock", "/bin/sh", "-c", "echo ready; read end"],
            input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor)
        #expect(output.fileHandleForReading.readData(ofLength: 6) == Data("ready\n".utf8))
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .locked)
        try input.fileHandleForWriting.close()
        _ = await process.exit()
        let next = try open(directory.state)
        await next.close()
    }

    @Test(arguments: ["", "/revisions", "/state.sqlite"])
    func `refuses what others may write to`(name: String) async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        for mode in [0o720, 0o702] {
            chmod(directory.state + name, mode_t(mode))
            let error = #expect(throws: StorageError.self) { try open(directory.state) }
            #expect(error?.code == .notOwner)
            #expect(error?.text.contains(directory.state + name) == true)
        }
    }

    @Test(.enabled(if: geteuid() == 0), arguments: ["", "/revisions", "/state.sqlite"])
    func `refuses what belongs to another user`(name: String) async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        chown(directory.state + name, 65_534, 65_534)
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .notOwner)
        #expect(error?.text.contains("user 65534") == true)
    }

    @Test(arguments: ["/revisions", "/state.sqlite", "/lock"])
    func `refuses a link or a pipe in place of what is its own`(name: String) async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        let path = directory.state + name
        try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + ".moved")
        #expect(throws: StorageError.self) { try open(directory.state) }
        try FileManager.default.removeItem(atPath: path)
        mkfifo(path, 0o600)
        if name != "/lock" {
            #expect(throws: StorageError.self) { try open(directory.state) }
        }
    }

    @Test func `refuses a pipe in place of the log`() async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        mkfifo("\(directory.state)/state.sqlite-wal", 0o600)
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.text.contains("state.sqlite-wal is not a regular file") == true)
    }

    @Test func `refuses a newer format`() async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        // The user version is at byte 60 of the file, big-endian.
        try patch("\(directory.state)/state.sqlite", at: 60, with: [0, 0, 0, 3])
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .newerFormat)
        #expect(error?.text.contains("format 3") == true)
    }

    @Test func `refuses a database that is somebody else's, or none`() async throws {
        let directory = try TemporaryDirectory()
        await (try open(directory.state)).close()
        let path = "\(directory.state)/state.sqlite"
        // The application's id is at byte 68.
        try patch(path, at: 68, with: [1, 2, 3, 4])
        #expect(throws: StorageError.self) { try open(directory.state) }
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
        chmod(path, 0o600)
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .corrupt)
    }

    @Test func `does not begin anew where the journal was emptied, and keeps the revisions`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a"))
        _ = try await store.publish(draft(store, body: newBody("weights")))
        await store.close()
        let path = "\(directory.state)/state.sqlite"
        let whole = try Data(contentsOf: URL(filePath: path))
        #expect(truncate(path, 0) == 0)
        for _ in 0..<2 {
            let error = #expect(throws: StorageError.self) { try open(directory.state) }
            #expect(error?.code == .corrupt)
            #expect(error?.text.contains("state.sqlite is empty") == true)
        }
        #expect(FileManager.default.fileExists(atPath: "\(directory.state)/revisions/000001/revision.json"))
        // Put back from a backup it serves as before.
        try whole.write(to: URL(filePath: path))
        chmod(path, 0o600)
        let next = try open(directory.state)
        #expect(next.serving == 1)
        #expect(try await next.correction(1).content.text == "a")
        await next.close()
    }

    @Test func `finds a damaged page`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for index in 0..<200 { _ = try await store.append(correction("text \(index)")) }
        await store.close()
        let path = "\(directory.state)/state.sqlite"
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        // Every page but the first begins with its kind; none begins with 255.
        for page in 1..<size / 4096 { try patch(path, at: page * 4096, with: [255, 255, 255, 255]) }
        let error = #expect(throws: StorageError.self) { try open(directory.state) }
        #expect(error?.code == .corrupt)
    }

    @Test func `finds a correction whose text is not what was committed`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let sequence = try await store.append(correction("an unmistakable text")).sequence
        await store.close()
        let path = "\(directory.state)/state.sqlite"
        let data = try Data(contentsOf: URL(filePath: path))
        let place = try #require(data.firstRange(of: Data("unmistakable".utf8)))
        try patch(path, at: place.lowerBound, with: Array("unmistakeble".utf8))
        let next = try open(directory.state)
        #expect(await code { _ = try await next.correction(sequence) } == .corrupt)
        await next.close()
    }

    @Test func `refuses another base model, or learns everything again on it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b", "c"] { _ = try await store.append(correction(text)) }
        let first = try await store.publish(draft(store, body: newBody("one"), head: [1, 2]))
        _ = try await store.retract(2)
        await store.close()

        let error = #expect(throws: StorageError.self) { try open(directory.state, model: otherModel) }
        #expect(error?.code == .otherModel)
        for part in ["tiny", "aa11", "large", "bb22", "relearn"] { #expect(error?.text.contains(part) == true) }

        let next = try open(directory.state, model: otherModel) { $0.relearn = true }
        #expect(next.serving == 0)
        #expect(try await states(next) == [1: .queued, 2: .retracted, 3: .queued])
        #expect(try await next.correction(1).revision == nil)
        #expect(await code { _ = try await next.activate(first.number) } == .otherModel)
        #expect(await code { _ = try await next.verifiedDirectory(of: first.number) } == .otherModel)
        #expect(await code { _ = try await next.publish(draft(next, body: .sameAs(1))) } == .otherModel)
        let second = try await next.publish(draft(next))
        #expect(second.number == 2)
        #expect(try await states(next) == [1: .learnt, 2: .retracted, 3: .learnt])
        await next.close()

        // Taken over once, it is the other model's state.
        #expect(throws: StorageError.self) { try open(directory.state) }
        let again = try open(directory.state, model: otherModel) { $0.relearn = true }
        #expect(again.serving == 2)
        await again.close()
    }

    @Test func `leaves strange names alone and removes its own leavings`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.publish(draft(store))
        await store.close()
        for name in [
            "revisions/lost+found", "revisions/000007", "revisions/.new-000009", "revisions/7",
            ".snapshot-x/revisions/1",
        ] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.state)/\(name)", withIntermediateDirectories: true)
        }
        let next = try open(directory.state)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory.state)/revisions")
        #expect(names.sorted() == ["000001", "7", "lost+found"])
        #expect(!FileManager.default.fileExists(atPath: "\(directory.state)/.snapshot-x"))
        // A number that was on disk is not given again.
        #expect(try await next.publish(draft(next)).number == 10)
        await next.close()
    }

    @Test func `says what is wrong with a directory that cannot be`() throws {
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/file"
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        for path in [file, "\(file)/below", "\(directory.path)/no/such/parent"] {
            let error = #expect(throws: StorageError.self) { try open(path) }
            #expect(error?.text.contains(path) == true)
        }
    }
}
