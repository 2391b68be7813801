import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

@Suite(.serialized) struct `The daemon's life` {
    private let text = "the parcel never came"

    @Test func `a correction changes the answer at once, and a restart keeps it`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let before = try await client.predict(Input(text))
        let taught = before.label == "alpha" ? "beta" : "alpha"
        let receipt = try await client.submit(SubmitParameters(Input(text), label: taught, wait: .published))
        #expect(receipt.state == .learnt)
        let after = try await client.predict(Input(text))
        #expect(after.label == taught)
        #expect(after.revision > before.revision)
        #expect(receipt.revision.map { $0 <= after.revision } == true)
        // A label nobody configured appears by being used.
        _ = try await client.submit(SubmitParameters("stop the dunning letters", label: "gamma", wait: .published))
        #expect(try await client.predict("please stop the dunning letters").label == "gamma")
        client.close()
        #expect(await daemon.stop(SIGTERM) == .init(code: 0, wasSignalled: false))

        let again = try await DaemonProcess.start(in: daemon.folder)
        let second = try AttuneClient(path: again.socket)
        #expect(try await second.predict(Input(text)).label == taught)
        #expect(try await second.discover().labels == ["alpha", "beta", "gamma"])
        let counts = try await second.status().corrections
        #expect(counts.learnt == 2)
        #expect(counts.queued == 0)
        second.close()
        await again.remove()
    }

    @Test func `going back to an older revision withholds what it had not learnt, until released`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let first = try await client.submit(SubmitParameters("one", label: "alpha", wait: .published))
        let base = try #require(first.revision)
        let second = try await client.submit(SubmitParameters(Input(text), label: "gamma", wait: .published))
        #expect(try await client.predict(Input(text)).label == "gamma")
        #expect(try await client.activate(base) == base)
        #expect(try await client.correction(second.sequence).state == .withheld)
        let rolledBack = try await client.predict(Input(text))
        #expect(rolledBack.label != "gamma")
        // A revision that does not serve answers to its number.
        let later = try #require(second.revision)
        let named = try await client.predict(Input(text), revision: later)
        #expect(named.label == "gamma")
        #expect(named.revision == later)
        #expect(try await client.release(.sequence(second.sequence)) == 1)
        _ = try await client.submit(SubmitParameters("two", label: "beta", wait: .published))
        #expect(try await client.predict(Input(text)).label == "gamma")
        let conflict = await #expect(throws: ClientError.self) {
            try await client.activate(base, expectedCurrent: 1_000_000)
        }
        if case .protocolError(let error)? = conflict {
            #expect(error.code == .conflict)
        } else {
            Issue.record("no conflict")
        }
        client.close()
        await daemon.remove()
    }

    @Test func `a model whose tokenizer cannot be read is named, and no state is begun for it`() async throws {
        let folder = try DaemonProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = try #require(ProcessInfo.processInfo.environment["ATTUNED_MODEL"])
        let model = folder.appending(path: "model").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: source) where name != "tokenizer.json" {
            try FileManager.default.createSymbolicLink(
                atPath: "\(model)/\(name)", withDestinationPath: "\(source)/\(name)")
        }
        try Data("{}".utf8).write(to: folder.appending(path: "model/tokenizer.json"))
        let state = folder.appending(path: "state").path(percentEncoded: false)
        let words = ["--model", model, "--state-directory", state]
        let socket = folder.appending(path: "socket").path(percentEncoded: false)
        for command in [["serve", "--socket", socket], ["check"]] {
            let (code, text) = try await Program.run("attuned", command + words)
            // 78: to try again is of no use.
            #expect(code == (command[0] == "serve" ? 78 : 1))
            #expect(text.contains("tokenizer.json"), "\(text)")
            #expect(!FileManager.default.fileExists(atPath: state), "\(command)")
        }
    }

    @Test func `what is not there is told from what has a fault`() async throws {
        let daemon = try await DaemonProcess.start()
        let folder = daemon.folder.path(percentEncoded: false)
        let model = try #require(ProcessInfo.processInfo.environment["ATTUNED_MODEL"])
        // A group whose settings are all commented out.
        try Data("log:\n  # level: debug\n".utf8).write(to: daemon.folder.appending(path: "few.yaml"))
        let words = ["--config", "\(folder)/few.yaml", "--state-directory", "\(folder)/state", "--model"]
        let (code, text) = try await Program.run("attuned", ["check", "--socket", daemon.socket] + words + [model])
        #expect(code == 0 && text.contains("serves, 1 kept and verified"), "of a daemon that runs: \(text)")
        let nowhere = try await Program.run("attuned", ["check"] + words + ["\(folder)/nothing"])
        #expect(nowhere.code != 0 && nowhere.text.contains("nothing: there is no such directory"), "\(nowhere)")
        // No directory, though there is something of that name.
        let file = try await Program.run("attuned", ["check"] + words + ["\(folder)/few.yaml"])
        #expect(file.code != 0 && file.text.contains("no config.json"), "\(file)")
        let backup = try await Program.run("attuned", ["backup", "\(folder)/none/copy"] + words + [model])
        #expect(backup.code != 0 && backup.text.contains("\(folder)/none/: No such file"), "\(backup)")
        await daemon.remove()
    }

    @Test func `what is retracted is unlearnt`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let before = try await client.predict(Input(text))
        let taught = try await client.submit(SubmitParameters(Input(text), label: "gamma", wait: .published))
        #expect(try await client.predict(Input(text)).label == "gamma")
        #expect(try await client.retract(taught.sequence).state == .retracted)
        _ = try await client.submit(SubmitParameters("another matter", label: "alpha", wait: .published))
        #expect(try await client.discover().labels == ["alpha", "beta"])
        #expect(try await client.predict(Input(text)).label != "gamma")
        #expect(before.label != "gamma")
        client.close()
        await daemon.remove()
    }

    @Test func `a start asks for the time that opening the state takes`() async throws {
        let daemon = try await DaemonProcess.start()
        #expect(daemon.told.contains("EXTEND_TIMEOUT_USEC=30000000"), "\(daemon.told)")
        await daemon.remove()
    }

    @Test func `a backup has a file once that revisions have in common`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let first = try await client.submit(SubmitParameters("one text", label: "alpha", wait: .published))
        let second = try await client.submit(SubmitParameters("another", label: "beta", wait: .published))
        client.close()
        await daemon.stop()
        func head(_ state: String, _ revision: Int?) throws -> String {
            let number = String(format: "%06d", try #require(revision))
            return daemon.folder.appending(path: "\(state)/revisions/\(number)/head.safetensors")
                .path(percentEncoded: false)
        }
        try FileManager.default.removeItem(atPath: head("state", first.revision))
        try FileManager.default.linkItem(
            atPath: head("state", second.revision), toPath: head("state", first.revision))
        let path = daemon.folder.path(percentEncoded: false)
        let words = ["--model", ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? ""]
        let (code, text) = try await Program.run(
            "attuned", ["backup", "\(path)/copy", "--state-directory", "\(path)/state"] + words)
        #expect(code == 0, "\(text)")
        let numbers = try [first, second].map {
            try FileManager.default.attributesOfItem(atPath: head("copy", $0.revision))[.systemFileNumber] as? Int
        }
        #expect(numbers[0] != nil && numbers[0] == numbers[1])
        let original = try FileManager.default.attributesOfItem(atPath: head("state", second.revision))
        #expect(original[.systemFileNumber] as? Int != numbers[1])
        await daemon.remove()
    }

    @Test func `a second daemon on the same state is refused, and says who holds it`() async throws {
        let daemon = try await DaemonProcess.start()
        let refused = await #expect(throws: DaemonProcess.DidNotStart.self) {
            _ = try await DaemonProcess.start(in: daemon.folder)
        }
        #expect(refused?.exit.code == 1)
        #expect(
            refused?.log.contains("in use") == true || refused?.log.contains("lock") == true, "\(refused?.log ?? "")")
        // The first one is not disturbed.
        let client = try AttuneClient(path: daemon.socket)
        #expect(try await client.predict("still there").revision >= 0)
        client.close()
        await daemon.remove()
    }

    @Test(arguments: [
        ("inferense: {threads: 1}", "inferense"), ("inference: {threads: many}", "inference.threads"),
        ("inference: {threads: -1}", "inference.threads"),
        ("roles: {admin: [nobody-by-this-name]}", "nobody-by-this-name"),
        ("model: [", "settings.yaml"),
    ])
    func `a setting that cannot be is refused by name`(settings: String, culprit: String) async throws {
        let folder = try DaemonProcess.temporaryFolder()
        let refused = await #expect(throws: DaemonProcess.DidNotStart.self) {
            _ = try await DaemonProcess.start(in: folder, settings: settings)
        }
        #expect(refused?.exit.code == 78)
        #expect(refused?.log.contains(culprit) == true, "\(refused?.log ?? "")")
        // Who is sent to the check finds it there.
        let file = folder.appending(path: "settings.yaml").path(percentEncoded: false)
        let model = ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? ""
        let (code, text) = try await Program.run("attuned", ["check", "--config", file, "--model", model])
        #expect(code != 0)
        #expect(text.contains(culprit), "\(text)")
        try FileManager.default.removeItem(at: folder)
    }

    @Test func `a variable that is spelt much like a setting's is told, and no other`() async throws {
        var environment = ChildProcess.defaultEnvironment
        (environment["ATTUNED_TUNNING_RANK"], environment["ATTUNED_OF_SOMEBODY_ELSE"]) = ("8", "1")
        let (_, text) = try await ChildProcess.run(
            try DaemonProcess.binary("attuned"), ["check", "--model", "/nowhere"], environment: environment)
        #expect(text.contains("ATTUNED_TUNNING_RANK is no setting and does nothing"), "\(text)")
        #expect(text.contains("(did you mean ATTUNED_TUNING_RANK?)"), "\(text)")
        #expect(!text.contains("SOMEBODY"), "\(text)")
    }

    @Test func `a socket's path that is too long is a fault of the configuration, for the check as well`() async throws
    {
        let folder = try DaemonProcess.temporaryFolder()
        let path = folder.path(percentEncoded: false)
        let words = [
            "--model", ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? "", "--state-directory", "\(path)/state",
            "--socket", "\(path)/\(String(repeating: "s", count: 100))",
        ]
        for (command, expected) in [("serve", Int32(78)), ("check", 1)] {
            let (code, text) = try await Program.run("attuned", [command] + words)
            #expect(code == expected, "\(command)")
            #expect(text.contains("103 bytes"), "\(text)")
        }
        try FileManager.default.removeItem(at: folder)
    }

    @Test func `a backup that is looked at is not mistaken for the state of the daemon that runs`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        _ = try await client.submit(SubmitParameters("one text", label: "alpha", wait: .published))
        _ = try await client.submit(SubmitParameters("another", label: "beta", wait: .published))
        let path = daemon.folder.path(percentEncoded: false)
        let common = ["--model", ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? "", "--socket", daemon.socket]
        func run(_ command: String, state: String, _ words: String...) async throws -> (code: Int32, text: String) {
            try await Program.run("attuned", [command] + words + common + ["--state-directory", "\(path)/\(state)"])
        }
        #expect(try await run("backup", state: "state", "\(path)/first").code == 0)
        #expect(try await run("verify", state: "first", "all").code == 0)
        // Damaged where the live one is not.
        let revision = try #require(try await client.revisions().map(\.id).max())
        let folder = "\(path)/first/revisions/\(String(repeating: "0", count: 6 - "\(revision)".count))\(revision)"
        let head = "\(folder)/head.safetensors"
        var bytes = try Data(contentsOf: URL(filePath: head))
        bytes[bytes.count - 1] ^= 1
        try FileManager.default.removeItem(atPath: head)
        try bytes.write(to: URL(filePath: head))
        #expect(try await run("verify", state: "state", "all").code == 0)
        let (code, text) = try await run("verify", state: "first", "all")
        #expect(code != 0, "\(text)")
        // And a copy of the copy has what the copy had.
        _ = try await client.submit(SubmitParameters("a third", label: "gamma", wait: .published))
        #expect(try await run("backup", state: "first", "\(path)/second").code == 0)
        let copied = try await run("check", state: "second")
        #expect(copied.text.contains("2 learnt") || copied.code != 0, "\(copied.text)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/state").allSatisfy { !$0.contains("snapshot") }
        )
        client.close()
        await daemon.remove()
    }

    @Test(arguments: ["precious", ".snapshot-link", ".snapshot-1/../precious", ".snapshot-1/", "state.sqlite"])
    func `a backup removes nothing but a copy of the state, whatever answers at the socket`(name: String) async throws {
        let daemon = try await DaemonProcess.start()
        await daemon.stop()
        let files = FileManager.default
        let path = daemon.folder.path(percentEncoded: false)
        let precious = "\(path)/state/precious"
        for folder in [precious, "\(path)/state/.snapshot-1"] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: false)
        }
        try Data("still there".utf8).write(to: URL(filePath: "\(precious)/file"))
        try files.createSymbolicLink(atPath: "\(path)/state/.snapshot-link", withDestinationPath: precious)
        let before = try files.subpathsOfDirectory(atPath: "\(path)/state").sorted()

        let listener = try Listener()
        let impostor = Task.detached { listener.answerOnce(with: #"{"path": "\#(path)/state/\#(name)"}"#) }
        let words = [
            "--model", ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? "", "--state-directory",
            "\(path)/state", "--socket", listener.path,
        ]
        let (code, text) = try await Program.run("attuned", ["backup", "\(path)/copy"] + words)
        await impostor.value
        #expect(code != 0)
        #expect(text.contains("which it is not"), "\(text)")
        #expect(try files.subpathsOfDirectory(atPath: "\(path)/state").sorted() == before)
        #expect(!files.fileExists(atPath: "\(path)/copy"))
        await daemon.remove()
    }

    @Test func `one client's thousands of texts do not hold up another's single one`() async throws {
        let daemon = try await DaemonProcess.start()
        let bulk = try AttuneClient(path: daemon.socket)
        let single = try AttuneClient(path: daemon.socket)
        let many = (0..<3000).map { Input("text number \($0) of a long list of texts that somebody wants classified") }
        async let all = bulk.predict(many)
        // The bulk request is under way once its first texts are queued.
        while try await single.status().queues.inference == 0 { await Task.yield() }
        _ = try await single.predict("just this one")
        #expect(try await single.status().queues.inference > 0, "the single text was answered while the bulk waited")
        #expect(try await all.count == many.count)
        bulk.close()
        single.close()
        await daemon.remove()
    }
}
