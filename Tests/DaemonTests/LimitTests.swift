import AttuneClient
import Foundation
import LineProtocol
import TestSupport
import Testing

/// What a client is refused with; nil where it was not refused by the daemon.
func refusal(_ body: () async throws -> Void) async -> ProtocolError? {
    do {
        try await body()
        return nil
    } catch ClientError.protocolError(let error) {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}

@Suite(.serialized) struct `Limits of what clients may ask for and keep` {
    private let settings = """
        limits: {inputs: 3, textBytes: 40, labels: 3, labelBytes: 6, corrections: 2, connectionsPerUser: 60000, \
        connections: 2, replyBytes: 1048576}
        """

    @Test func `are named by the error, and the limit itself is allowed`() async throws {
        let daemon = try await DaemonProcess.start(settings: settings)
        let client = try AttuneClient(path: daemon.socket)
        let limits = try await client.discover().limits
        #expect(limits.inputs == 3 && limits.textBytes == 40 && limits.connections == 2)
        #expect(limits.replyBytes == 1 << 20)
        let text = Input(String(repeating: "x", count: 38) + "é")
        let longer = Input(text.text + "y")
        let example = EvaluateParameters.Example(text, label: "alpha")

        #expect(try await client.predict([text, text, text]).count == 3)
        #expect(try await client.evaluate([example, example, example]).count == 3)
        let cases: [(String, () async throws -> Void)] = [
            ("limits.inputs", { _ = try await client.predict([text, text, text, text]) }),
            ("limits.inputs", { _ = try await client.embed([text, text, text, text]) }),
            ("limits.inputs", { _ = try await client.evaluate([example, example, example, example]) }),
            ("limits.textBytes", { _ = try await client.predict(longer) }),
            ("limits.textBytes", { _ = try await client.embed([text, longer]) }),
            ("limits.textBytes", { _ = try await client.predict(Input("a", textPair: longer.text)) }),
            ("limits.textBytes", { _ = try await client.evaluate([.init(longer, label: "alpha")]) }),
            ("limits.textBytes", { _ = try await client.submit(SubmitParameters(longer, label: "alpha")) }),
            ("limits.labelBytes", { _ = try await client.submit(SubmitParameters(text, label: "seventh")) }),
        ]
        for (name, call) in cases {
            let error = await refusal(call)
            #expect(error?.code == .invalidParameters && error?.reason == "outOfRange", "\(name)")
            #expect(error?.message.contains(name) == true, "\(name): \(error?.message ?? "not refused")")
        }

        // The daemon answers itself over a connection that does not count.
        let second = try AttuneClient(path: daemon.socket)
        _ = try await second.status()
        let third = try AttuneClient(path: daemon.socket)
        let refused = await #expect(throws: ClientError.self) { _ = try await third.status() }
        #expect("\(try #require(refused))".contains("limits.connections"))
        third.close()
        second.close()
        client.close()
        await daemon.remove()
    }

    @Test func `refuse corrections past their number, and go on with everything else`() async throws {
        let daemon = try await DaemonProcess.start(settings: settings)
        let client = try AttuneClient(path: daemon.socket)
        let first = try await client.submit(SubmitParameters("one", label: "alpha", wait: .published))
        let second = SubmitParameters("two", label: "gamma", idempotencyKey: "key 2", wait: .published)
        let sequence = try await client.submit(second).sequence
        #expect(try await client.status().readOnly.reason?.contains("limits.corrections") == true)
        let error = await refusal { _ = try await client.submit(SubmitParameters("three", label: "alpha")) }
        #expect(error?.code == .readOnly && error?.reason == "limit")
        #expect(error?.message == "there are 2 corrections; limits.corrections allows 2")
        #expect(try await client.predict("two").label == "gamma")
        // What is there already needs no room.
        let again = try await client.submit(second)
        #expect(again.duplicate && again.sequence == sequence)
        // Where one goes another has room, but not a fourth label.
        _ = try await client.retract(first.sequence)
        let label = await refusal { _ = try await client.submit(SubmitParameters("three", label: "delta")) }
        #expect(label?.message.contains("limits.labels") == true, "\(label?.message ?? "not refused")")
        _ = try await client.submit(SubmitParameters("three", label: "beta"))
        client.close()
        await daemon.remove()
    }

    @Test(arguments: [true, false])
    func `count labels that the learner has not seen yet`(isEnabled: Bool) async throws {
        let settings = "limits: {labels: 40}\nlearning: {enabled: \(isEnabled), idleSeconds: 0.2}"
        let daemon = try await DaemonProcess.start(settings: settings)
        let client = try AttuneClient(path: daemon.socket)
        // A file whose columns were mixed up: every row brings a label of its own.
        let refusals = await withTaskGroup(of: ProtocolError?.self) { group in
            for row in 0..<200 {
                group.addTask {
                    await refusal {
                        _ = try await client.submit(SubmitParameters(Input("a text, \(row)"), label: "text \(row)"))
                    }
                }
            }
            return await group.reduce(into: [ProtocolError]()) { if let error = $1 { $0.append(error) } }
        }
        // Two are the configuration's. A look at what is stored may miss those that are being stored.
        #expect((162 - Limits.inFlight...162).contains(refusals.count), "\(refusals.count) of 200")
        #expect(refusals.allSatisfy { $0.reason == "outOfRange" && $0.message.contains("limits.labels") })
        client.close()
        // What is there already counts after a restart as well, and what is taken back makes room.
        await daemon.stop()
        let again = try await DaemonProcess.start(in: daemon.folder, settings: settings)
        let second = try AttuneClient(path: again.socket)
        let more = SubmitParameters("a text", label: "one more")
        let error = await refusal { _ = try await second.submit(more) }
        #expect(error?.message.contains("limits.labels allows 40") == true)
        for correction in try await second.corrections(limit: 100).corrections {
            _ = try await second.retract(correction.sequence)
        }
        var isRefused = true
        // What is stored is looked at once a second.
        for _ in 0..<600 where isRefused {
            try await Task.sleep(for: .milliseconds(50))
            isRefused = (try? await second.submit(more)) == nil
        }
        #expect(!isRefused)
        second.close()
        await again.remove()
    }

    @Test(.enabled(if: SmallDisk.canMount), arguments: ["the disk", "limits.stateBytes"])
    func `are not said to be reached once there is room, though nobody writes`(what: String) async throws {
        let disk = try #require(SmallDisk(kilobytes: 16_000))
        let daemon = try await DaemonProcess.start(
            in: URL(filePath: disk.path), settings: "limits: {stateBytes: 2097152}")
        let client = try AttuneClient(path: daemon.socket)
        let filler: URL
        if what == "the disk" {
            filler = disk.fill()
        } else {
            filler = daemon.folder.appending(path: "state/filler")
            try Data(count: 3 << 20).write(to: filler)
        }
        func isReadOnly() async throws -> Bool {
            let isSaid = try await client.metrics().contains("attuned_read_only 1")
            let flag = try await client.status().readOnly.flag
            return isSaid && flag
        }
        // The size is looked at every ten seconds.
        var count = 0
        while try await !isReadOnly(), count < 1_000 {
            count += 1
            _ = await refusal { _ = try await client.submit(SubmitParameters(Input("text \(count)"), label: "alpha")) }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(count < 1_000)
        try FileManager.default.removeItem(at: filler)
        for _ in 0..<1_200 where try await isReadOnly() { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await !isReadOnly())
        #expect(try await client.status().readOnly.reason == nil)
        client.close()
        await daemon.stop(SIGKILL)
    }

    @Test(arguments: ["limits.journalBytes", "limits.stateBytes"])
    func `refuse corrections past the state's size, until it is raised`(name: String) async throws {
        let key = name.dropFirst("limits.".count)
        let daemon = try await DaemonProcess.start(settings: "limits: {\(key): 1048576}")
        let client = try AttuneClient(path: daemon.socket)
        let text = String(repeating: "many words ", count: 20_000)
        var error: ProtocolError?
        var accepted = 0
        while error == nil, accepted < 10 {
            error = await refusal {
                _ = try await client.submit(SubmitParameters(Input("\(text)\(accepted)"), label: "alpha"))
            }
            if error == nil { accepted += 1 }
        }
        #expect((1...6).contains(accepted))
        #expect(error?.code == .readOnly && error?.reason == "limit")
        #expect(error?.message.contains("\(name) allows 1048576") == true, "\(error?.message ?? "not refused")")
        #expect(try await client.status().readOnly.flag)
        _ = try await client.predict("answers go on")
        try "labels: [alpha, beta]\nlimits: {\(key): 2097152}".write(
            to: daemon.folder.appending(path: "settings.yaml"), atomically: true, encoding: .utf8)
        #expect(try await client.reloadConfiguration().changed.contains(name))
        _ = try await client.submit(SubmitParameters("and there is room again", label: "beta"))
        #expect(try await client.status().readOnly.flag == false)
        #expect(daemon.log.components(separatedBy: "corrections are refused").count == 2)
        #expect(daemon.log.contains("corrections are taken again"))
        client.close()
        await daemon.remove()
    }
}
