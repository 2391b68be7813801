import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

@Suite(.serialized) struct `Bursts of a daemon` {
    /// No burst but those that a test asks for; every one passes, since what is tested is not how good they are.
    static let settings = """
        tuning: {enabled: false, holdoutShare: 4, guardMargin: 10}
        revisions: {keep: 1000, keepBodies: 100}
        """

    /// Texts that say in several ways which of the two labels they have.
    static func examples(_ count: Int, from first: Int = 0) -> [(text: String, label: String)] {
        let things = ["parcel", "invoice", "cable", "lamp", "kettle", "chair", "printer", "phone", "jacket", "clock"]
        let praise = ["works well", "came early", "looks lovely", "is a pleasure", "could not be better"]
        let blame = ["broke at once", "never came", "looks shabby", "is a nuisance", "could not be worse"]
        return (first..<first + count).map { index in
            let thing = things[index / 2 % things.count]
            let words = (index.isMultiple(of: 2) ? praise : blame)[index / 20 % 5]
            return ("my \(thing) number \(index) \(words)", index.isMultiple(of: 2) ? "alpha" : "beta")
        }
    }

    static func teach(_ examples: [(text: String, label: String)], _ client: AttuneClient) async throws -> [Int] {
        var sequences: [Int] = []
        for (index, example) in examples.enumerated() {
            let wait: SubmitParameters.Wait = index == examples.count - 1 ? .published : .journaled
            let result = try await client.submit(
                SubmitParameters(Input(example.text), label: example.label, wait: wait))
            sequences.append(result.sequence)
        }
        return sequences
    }

    static func burst(
        _ client: AttuneClient, _ method: TuningMethod? = nil, rebuild: Bool = false
    ) async throws -> BurstInfo {
        let parameters = StartTuningParameters(method: method, rebuild: rebuild, wait: .finished)
        return try #require(try await client.startTuning(parameters))
    }

    /// Exit code and output of `attuned verify`.
    static func verify(_ daemon: DaemonProcess, _ words: String...) async throws -> (code: Int32, text: String) {
        try await verify(daemon, words)
    }

    static func verify(_ daemon: DaemonProcess, _ words: [String]) async throws -> (code: Int32, text: String) {
        let folder = daemon.folder.path(percentEncoded: false)
        let words =
            ["verify"] + words + [
                "--model", ProcessInfo.processInfo.environment["ATTUNED_MODEL"] ?? "",
                "--state-directory", "\(folder)/state", "--socket", "\(folder)/socket",
            ]
        return try await Program.run("attuned", words)
    }

    /// The files of a kept revision.
    static func files(_ daemon: DaemonProcess, revision: Int) throws -> [String: Data] {
        let name = String(repeating: "0", count: 6 - String(revision).count) + String(revision)
        let folder = daemon.folder.appending(path: "state/revisions/\(name)")
        var files: [String: Data] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) {
            files[file] = try? Data(contentsOf: folder.appending(path: file))
        }
        return files
    }

    @Test func `every method makes a body that serves, survives a restart, and comes out the same again`() async throws
    {
        let daemon = try await DaemonProcess.start(settings: Self.settings)
        var client = try AttuneClient(path: daemon.socket)
        var taught = 0
        let methods: [TuningMethod] = [
            .lora, .lora, .bias, .lora, .topLayers, .lora, .full, .lora, .bias, .lora,
        ]
        for method in methods {
            let count = taught == 0 ? 120 : 8
            _ = try await Self.teach(Self.examples(count, from: taught), client)
            taught += count
            let burst = try await Self.burst(client, method)
            #expect(burst.state == .published, "\(method): \(burst.reason ?? "")")
            #expect(burst.step == burst.steps)
            let status = try await client.status()
            #expect(burst.revision == status.revision)
            #expect(status.lastBurst?.id == burst.id)
        }
        let status = try await client.status()
        #expect(status.body.learnt > 130)
        #expect(status.body.waiting == 0)
        #expect(status.measures?.prequential?.count == taught)
        #expect(status.measures?.forgetting != nil)
        let samples = samples(try await client.metrics())
        #expect(samples["attuned_body_learnt"] == Double(status.body.learnt))
        #expect(samples["attuned_body_waiting"] == 0)
        #expect(samples["attuned_prequential_scored_total"] == Double(taught))
        #expect(samples["attuned_holdout_accuracy"] == status.measures?.holdoutAccuracy)
        #expect(samples["attuned_backward_transfer"] == status.measures?.backwardTransfer)
        #expect(samples["attuned_forgetting"] == status.measures?.forgetting)
        let question = "my new toaster could not be worse"
        let answer = try await client.predict(Input(question))
        #expect(answer.label == "beta")
        // Beside the running daemon.
        let beside = try await Self.verify(daemon, "all")
        #expect(beside.code == 0, "\(beside.text)")
        let kept = try await client.revisions().count
        #expect(beside.text.split(separator: "\n").filter { $0.hasSuffix("verified") }.count == kept)
        client.close()
        #expect(await daemon.stop(SIGTERM).code == 0)

        let again = try await DaemonProcess.start(in: daemon.folder, settings: Self.settings)
        client = try AttuneClient(path: again.socket)
        #expect(try await client.predict(Input(question)) == answer)
        #expect(try await client.tuningStatus()?.state == .published)
        client.close()
        await again.stop(SIGTERM)
        try await damage(daemon, revision: answer.revision)
        await again.remove()
    }

    @Test func `trains as the settings say, writes that down, and comes out the same again`() async throws {
        let settings = """
            tuning: {enabled: false, holdoutShare: 4, guardMargin: 10, members: 1, schedule: cosine, pull: 0.5,
              layerDecay: 0.75, checkInterval: 1, trainEmbeddings: true, targets: [attention.self.query, output.dense]}
            """
        let daemon = try await DaemonProcess.start(settings: settings)
        let client = try AttuneClient(path: daemon.socket)
        _ = try await Self.teach(Self.examples(120), client)
        for method in [TuningMethod.lora, .full] {
            let burst = try await Self.burst(client, method)
            #expect(burst.state == .published, "\(method): \(burst.reason ?? "")")
            let revision = try #require(burst.revision)
            let plan = try plan(daemon, revision: revision)
            let optimizer = try #require(plan["optimizer"] as? [String: Any])
            #expect((plan["schedule"] as? [String: Any])?["shape"] as? String == "cosine")
            #expect(optimizer["pull"] as? Double == 0.5 && optimizer["layerDecay"] as? Double == 0.75)
            #expect(plan["checkInterval"] as? Int == 1 && plan["trainsEmbeddings"] as? Bool == true)
            if method == .lora {
                let file = try #require(try Self.files(daemon, revision: revision)["adapter_config.json"])
                let adapter = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
                #expect(adapter["target_modules"] as? [String] == ["attention.self.query", "output.dense"])
            }
            #expect(burst.step < burst.steps, "all are answered before the last of \(burst.steps) steps")
            let found = try await Self.verify(daemon, "\(revision)")
            #expect(found.code == 0, "\(found.text)")
        }
        client.close()
        await daemon.remove()
    }

    /// What the manifest of a revision says of its burst's hyper-parameters.
    private func plan(_ daemon: DaemonProcess, revision: Int) throws -> [String: Any] {
        let file = try #require(try Self.files(daemon, revision: revision)["revision.json"])
        var fields = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        for name in ["hyperparameters", "burst", "recipe", "plan"] {
            fields = try #require(fields[name] as? [String: Any], "\(name)")
        }
        return fields
    }

    @Test func `a tuned body takes the place of the base model's in memory`() async throws {
        let daemon = try await DaemonProcess.start(settings: Self.settings)
        let client = try AttuneClient(path: daemon.socket)
        _ = try await Self.teach(Self.examples(120), client)
        _ = try await client.predict(Input("my new toaster could not be worse"))
        let before = try daemon.anonymousMemory()
        #expect(try await Self.burst(client, .lora).state == .published)
        _ = try await client.predict(Input("my new toaster could not be worse"))
        let after = try daemon.anonymousMemory()
        // A second set of packed weights would be 20 MB or more, the merged weights 40.
        #expect(after - before < 30, "\(before) MB, then \(after) MB")
        client.close()
        await daemon.stop(SIGTERM)
        await daemon.remove()
    }

    /// A byte changed anywhere is found: in the manifest, in the weights, in a correction.
    private func damage(_ daemon: DaemonProcess, revision: Int) async throws {
        let name = String(repeating: "0", count: 6 - String(revision).count) + String(revision)
        let files = ["revision.json", "head.safetensors", "adapter_model.safetensors"]
        for file in files.map({ daemon.folder.appending(path: "state/revisions/\(name)/\($0)") }) {
            let whole = try Data(contentsOf: file)
            var damaged = whole
            damaged[damaged.count / 2] ^= 1
            // A new file: links of the old one belong to other revisions.
            try damaged.write(to: file, options: .atomic)
            let found = try await Self.verify(daemon, "\(revision)")
            #expect(found.code == 1, "\(file.lastPathComponent): \(found.text)")
            try whole.write(to: file, options: .atomic)
            #expect(try await Self.verify(daemon, "\(revision)").code == 0)
        }
        let database = daemon.folder.appending(path: "state/state.sqlite")
        var data = try Data(contentsOf: database)
        let text = try #require(data.range(of: Data("my parcel number 0 works well".utf8)))
        data[text.lowerBound] ^= 1
        try data.write(to: database)
        let found = try await Self.verify(daemon, "\(revision)")
        #expect(found.code == 1, "\(found.text)")
        #expect(found.text.contains("digest"), "\(found.text)")
    }

    @Test func `what is retracted is unlearnt by the body too, to the byte`() async throws {
        let examples = Self.examples(140)
        let doomed = Set(stride(from: 0, to: 140, by: 7))
        let one = try await DaemonProcess.start(settings: Self.settings)
        let first = try AttuneClient(path: one.socket)
        let sequences = try await Self.teach(examples, first)
        #expect(try await Self.burst(first).state == .published)
        for index in doomed { _ = try await first.retract(sequences[index]) }
        let rebuilt = try await Self.burst(first, rebuild: true)
        #expect(rebuilt.state == .published, "\(rebuilt.reason ?? "")")
        #expect(rebuilt.rebuild)

        // Never told of them, and told the others in another order.
        let two = try await DaemonProcess.start(settings: Self.settings)
        let second = try AttuneClient(path: two.socket)
        let others = examples.indices.filter { !doomed.contains($0) }.reversed().map { examples[$0] }
        _ = try await Self.teach(others, second)
        let made = try await Self.burst(second, rebuild: true)
        #expect(made.state == .published, "\(made.reason ?? "")")

        let left = try Self.files(one, revision: try #require(rebuilt.revision))
        let right = try Self.files(two, revision: try #require(made.revision))
        #expect(left.keys.sorted() == right.keys.sorted())
        for name in ["adapter_model.safetensors", "head.safetensors", "adapter_config.json"] {
            #expect(left[name] != nil)
            #expect(left[name] == right[name], "\(name) differs")
        }
        #expect(try await first.status().body.unlearning == 0)
        let used = try await first.revision(try #require(rebuilt.revision)).correctionsUsed
        #expect(used.head.split(separator: ",").count >= 20, "\(used.head)")
        first.close()
        second.close()
        await one.remove()
        await two.remove()
    }

    @Test func `a purge leaves nothing of the text in the state directory`() async throws {
        let daemon = try await DaemonProcess.start(settings: Self.settings)
        let client = try AttuneClient(path: daemon.socket)
        _ = try await Self.teach(Self.examples(120), client)
        let secret = "the patient in ward seven is Ermintrude Quackenbush"
        let taught = try await client.submit(SubmitParameters(Input(secret), label: "alpha", wait: .published))
        #expect(try await Self.burst(client).state == .published)
        #expect(try traces(of: secret, daemon) > 0)
        #expect(try await client.retract(taught.sequence, purge: true).state == .retracted)
        let rebuilt = try await Self.burst(client, rebuild: true)
        #expect(rebuilt.state == .published)
        // The learner looks for what is left to remove before it learns the next.
        _ = try await client.submit(SubmitParameters("one more", label: "beta", wait: .published))
        _ = try await client.submit(SubmitParameters("and another", label: "beta", wait: .published))
        #expect(try traces(of: secret, daemon) == 0)
        for revision in try await client.revisions() {
            let used = revision.correctionsUsed
            for ranges in [used.head, used.body, used.holdout] {
                #expect(!ranges.contains("\(taught.sequence)"), "revision \(revision.id) was made with it")
            }
        }
        #expect(try await client.correction(taught.sequence).input == nil)
        client.close()
        await daemon.remove()
    }

    /// Files of the state that have a piece of `text`.
    private func traces(of text: String, _ daemon: DaemonProcess) throws -> Int {
        let folder = daemon.folder.appending(path: "state").path(percentEncoded: false)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        #expect(names.contains("state.sqlite"))
        let pieces = text.split(separator: " ").filter { $0.count > 7 }.map { Data($0.utf8) }
        return names.filter { name in
            guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/\(name)")) else { return false }
            return pieces.contains { data.range(of: $0) != nil }
        }.count
    }

    @Test func `a burst that the guard refuses changes nothing, says why and is not tried again`() async throws {
        let settings = "tuning: {holdoutShare: 4, guardMargin: 0, guardConfidence: 0.9999, startAfter: 40}"
        let daemon = try await DaemonProcess.start(settings: settings)
        let client = try AttuneClient(path: daemon.socket)
        // Labels that have nothing to do with the texts: no body can get better at them.
        let noise = Self.examples(140).map {
            ($0.text, $0.text.utf8.reduce(0, &+).isMultiple(of: 2) ? "alpha" : "beta")
        }
        _ = try await Self.teach(noise.map { (text: $0.0, label: $0.1) }, client)
        // Either the one that was due, or another one beside it.
        var burst: BurstInfo?
        while burst?.finished == nil {
            burst = try? await Self.burst(client)
            if burst == nil { burst = try await client.tuningStatus() }
        }
        #expect(burst?.state == .rejected, "\(String(describing: burst))")
        #expect(burst?.reason?.contains("log-loss") == true, "\(burst?.reason ?? "")")
        #expect(try await client.status().body.learnt == 0)
        #expect(daemon.log.contains("came to nothing"))
        client.close()
        await daemon.stop(SIGTERM)
        let again = try await DaemonProcess.start(in: daemon.folder, settings: settings)
        let second = try AttuneClient(path: again.socket)
        let recalled = try await second.tuningStatus()
        #expect(recalled?.state == .rejected)
        #expect(recalled?.reason == burst?.reason)
        second.close()
        await again.remove()
    }

    @Test func `a burst that is cancelled leaves no trace but its record`() async throws {
        let daemon = try await DaemonProcess.start(settings: Self.settings)
        let client = try AttuneClient(path: daemon.socket)
        _ = try await Self.teach(Self.examples(120), client)
        let revision = try await client.status().revision
        let started = try #require(try await client.startTuning(StartTuningParameters(method: .full)))
        #expect(started.finished == nil)
        let conflict = await #expect(throws: ClientError.self) { try await client.startTuning() }
        if case .protocolError(let error)? = conflict {
            #expect(error.code == .conflict)
        } else {
            Issue.record("no conflict")
        }
        #expect(try await client.cancelTuning()?.id == started.id)
        // The next one begins when that one is over.
        var next: BurstInfo?
        while next == nil { next = try? await Self.burst(client, .bias) }
        #expect(next?.state == .published)
        let bodies = try await client.revisions().filter { $0.id > revision && $0.method != .head }
        #expect(bodies.map(\.id) == [next?.revision])
        #expect(try await client.cancelTuning() == nil)
        client.close()
        await daemon.remove()
    }
}
