import Foundation
import Storage
import Testing

@Suite struct `A state of version 1` {
    /// A copy of what Tests/references/storage_version1.py made.
    private func copy(_ directory: TemporaryDirectory) throws {
        let made = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "references/storage-version1")
        try FileManager.default.copyItem(atPath: made.path, toPath: directory.state)
        for (name, mode) in [("", 0o700), ("/revisions", 0o700), ("/state.sqlite", 0o600)] {
            chmod(directory.state + name, mode_t(mode))
        }
    }

    @Test func `is taken over as it is`() async throws {
        let directory = try TemporaryDirectory()
        try copy(directory)
        for round in 1...2 {
            let store = try open(directory.state)
            #expect(store.serving == 1)
            #expect(try await states(store) == [1: .learnt, 2: .superseded, 3: .queued, 4: .retracted])
            let corrections = try await store.corrections(limit: 10)
            #expect(corrections.map(\.isPurged) == [false, false, false, false])
            #expect(corrections.map(\.change) == [3, 5, 4, 7])
            #expect(corrections.map(\.isHoldout) == [false, false, false, true])
            let manifest = try await store.revision(1).manifest
            #expect(manifest.format == 1)
            #expect(manifest.corrections.seen.description == "1,4")
            #expect(store.unlearning().description == "4")
            _ = try await store.verifiedDirectory(of: 1)
            #expect(store.lastBurstID == round - 1)
            try await store.append(burst(round))
            try await checkInvariants(store, directory.state, "version 1, round \(round)")
            await store.close()
        }
    }

    @Test func `learns, and purges, like any other`() async throws {
        let directory = try TemporaryDirectory()
        try copy(directory)
        let store = try open(directory.state)
        #expect(try traces(of: "unmistakable", in: directory.state) == ["state.sqlite"])
        #expect(try await store.purge(3).description == "2-3")
        #expect(try traces(of: "unmistakable", in: directory.state).isEmpty)
        #expect(try await store.append(correction("the last text", "no", key: "a key")).isDuplicate)
        let record = try await store.publish(draft(store))
        #expect(record.number == 2 && record.manifest.format == 2)
        #expect(record.manifest.corrections.seen.description == "1")
        try await checkInvariants(store, directory.state, "version 1, changed")
        await store.close()
    }

    @Test func `stays one when the change of version fails`() async throws {
        var step = 1
        while true {
            let directory = try TemporaryDirectory()
            try copy(directory)
            let faults = Faults()
            faults.arm(failing: step, isCrash: true)
            let opened = try? open(directory.state, faults: faults)
            await opened?.close()
            if opened != nil, !faults.hasFired { break }
            let next = try open(directory.state)
            try await checkInvariants(next, directory.state, "version 1, crash at step \(step)")
            #expect(next.counts[.learnt] == 1 && next.counts[.queued] == 1)
            await next.close()
            step += 1
        }
        #expect(step > 3)
    }
}
