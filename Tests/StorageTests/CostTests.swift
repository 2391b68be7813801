import Foundation
import Storage
import Testing

/// Prints what things cost with 50,000 corrections; asserts only that they are done.
@Suite struct `With 50,000 corrections` {
    private static let count = 50_000

    @Test func `the costs are these`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let clock = ContinuousClock()
        func milliseconds(_ duration: Duration) -> String { String(format: "%.2f ms", duration / .milliseconds(1)) }
        var begin = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for chunk in 0..<100 {
                group.addTask {
                    for index in 0..<(Self.count / 100) {
                        let number = chunk * Self.count / 100 + index
                        _ = try await store.append(
                            correction(
                                "a text of common length, number \(number)", "label \(number % 150)", key: "\(number)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        print("append by 100 clients: \(milliseconds((clock.now - begin) / Self.count)) each")

        begin = clock.now
        var head = CorrectionSet()
        var change: Int64 = 0
        while true {
            let page = try await store.changes(after: change, limit: 5_000)
            guard let last = page.last else { break }
            for correction in page { head.insert(correction.sequence, correction.digest) }
            change = last.change
        }
        print("read all: \(milliseconds(clock.now - begin))")
        #expect(head.count == Self.count)

        func publish(_ head: CorrectionSet) async throws {
            let serving = store.serving
            _ = try await store.publish(
                RevisionDraft(
                    parent: serving, expectedServing: serving, method: "head", kernelPath: "plain", body: .base,
                    files: [
                        RevisionFile(
                            name: "head.safetensors", content: .bytes(Data(repeating: 7, count: 150 * 385 * 4)))
                    ], head: head, labels: (0..<150).map { "label \($0)" }))
        }
        begin = clock.now
        try await publish(head)
        print("publish, all new: \(milliseconds(clock.now - begin))")
        #expect(store.counts[.learnt] == Self.count)

        let rounds = 20
        var (appending, publishing) = (Duration.zero, Duration.zero)
        for round in 0..<rounds {
            begin = clock.now
            let receipt = try await store.append(correction("again \(round)"))
            appending += clock.now - begin
            head.insert(receipt.sequence, try await store.correction(receipt.sequence).digest)
            begin = clock.now
            try await publish(head)
            publishing += clock.now - begin
        }
        print(
            "append alone: \(milliseconds(appending / rounds)), publish with one more: \(milliseconds(publishing / rounds))"
        )

        // Every second one taken back: the sets have 25,000 ranges.
        begin = clock.now
        let half = SequenceSet((1...Int64(Self.count)).filter { $0.isMultiple(of: 2) })
        #expect(try await store.refuse(half, as: .rejected, reason: "every second") == Self.count / 2)
        print("refuse every second: \(milliseconds(clock.now - begin))")
        var cursor: Int64 = 0
        while true {
            let page = try await store.corrections(state: .rejected, after: cursor, limit: 10_000)
            guard let last = page.last else { break }
            for correction in page { head.remove(correction.sequence, correction.digest) }
            cursor = last.sequence
        }
        begin = clock.now
        try await publish(head)
        print("publish with 25,000 ranges: \(milliseconds(clock.now - begin))")
        begin = clock.now
        let receipt = try await store.append(correction("once more"))
        print("append with 25,000 ranges: \(milliseconds(clock.now - begin))")
        #expect(receipt.state == .queued)

        begin = clock.now
        let activation = try await store.activate(0)
        print("activate the base model: \(milliseconds(clock.now - begin))")
        #expect(activation.withheld == Self.count / 2 + rounds + 1)
        begin = clock.now
        _ = try await store.activate(1)
        print("activate revision 1: \(milliseconds(clock.now - begin))")
        begin = clock.now
        _ = try await store.snapshot()
        print("snapshot: \(milliseconds(clock.now - begin))")
        let size = try FileManager.default.attributesOfItem(atPath: "\(directory.state)/state.sqlite")[.size] as? Int
        begin = clock.now
        #expect(try await store.purge(7).count == 1)
        print("purge: \(milliseconds(clock.now - begin)), of a database of \((size ?? 0) >> 10) KiB")
        begin = clock.now
        #expect(try await store.removeTainted().count > 5)
        print("remove tainted revisions: \(milliseconds(clock.now - begin))")
        begin = clock.now
        for _ in 0..<1_000 { #expect(store.unlearning().count == 1) }
        print("say what is to be unlearnt: \(milliseconds((clock.now - begin) / 1_000))")
        await store.close()
        begin = clock.now
        let next = try open(directory.state)
        print("open: \(milliseconds(clock.now - begin))")
        #expect(next.serving == 1)
        await next.close()
    }
}
