import Foundation
import Storage
import Testing

@Suite struct `The journal of corrections` {
    @Test func `gives back what came, under ascending sequences`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let full = NewCorrection(
            task: "classification", text: "naïve \u{1F600} \"text\"\n", textPair: "", label: "étiquette",
            idempotencyKey: "k-1", predicted: "other", predictedRevision: 42, slice: "mobile", weight: 0.25,
            uid: 4_294_967_294)
        let before = Date()
        let receipt = try await store.append(full)
        #expect(receipt.sequence == 1 && receipt.state == .queued && !receipt.isDuplicate)
        #expect(try await store.append(correction("plain")).sequence == 2)
        await store.close()

        let next = try open(directory.state)
        let read = try await next.correction(1)
        #expect(read.content == full)
        #expect(read.content.textPair == "")
        #expect(read.digest == full.digest)
        #expect(read.inputDigest == full.inputDigest)
        #expect(abs(read.created.timeIntervalSince(before)) < 60)
        #expect(try await next.correction(2).content == correction("plain"))
        #expect(await code { _ = try await next.correction(3) } == .notFound)
        #expect(try await next.corrections(limit: 10).map(\.sequence) == [1, 2])
        #expect(try await next.corrections(after: 1, limit: 10).map(\.sequence) == [2])
        #expect(try await next.corrections(limit: 1).map(\.sequence) == [1])
        #expect(try await next.corrections(limit: -1).isEmpty)
        #expect(next.counts[.queued] == 2)
        await next.close()
    }

    @Test func `commits appends that come together in the order of their coming`() async throws {
        let directory = try TemporaryDirectory()
        let faults = Faults()
        let store = try open(directory.state, faults: faults)
        faults.arm(failing: nil)
        let count = 1_000
        let receipts = try await withThrowingTaskGroup(of: (Int, Receipt).self) { group in
            for index in 0..<count {
                group.addTask { (index, try await store.append(correction("text \(index)", key: "\(index)"))) }
            }
            return try await group.reduce(into: [Int: Receipt]()) { $0[$1.0] = $1.1 }
        }
        #expect(Set(receipts.values.map(\.sequence)) == Set(1...Int64(count)))
        let commits = faults.steps.count { $0 == .committed }
        #expect(commits < count / 2)
        print("\(count) concurrent appends in \(commits) transactions")
        for (index, receipt) in receipts where index.isMultiple(of: 97) {
            #expect(try await store.correction(receipt.sequence).content.text == "text \(index)")
        }

        // One after another, each is durable and later than the one before.
        var last: Int64 = 0
        for index in 0..<20 {
            let sequence = try await store.append(correction("more \(index)")).sequence
            #expect(sequence > last)
            last = sequence
        }
        await store.close()
    }

    @Test func `takes the same key for the same correction`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        var new = correction("a", key: "k")
        new.slice = "s"
        new.predicted = "p"
        #expect(try await store.append(new).isDuplicate == false)
        // Together and one after the other, before and after it was learnt, and after a restart.
        let copies = try await withThrowingTaskGroup(of: Receipt.self) { group in
            for _ in 0..<20 { group.addTask { [new] in try await store.append(new) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(copies.allSatisfy { $0.sequence == 1 && $0.state == .queued && $0.isDuplicate })
        _ = try await store.publish(draft(store))
        await store.close()
        let next = try open(directory.state)
        let late = try await next.append(new)
        #expect(late.state == .learnt && late.isDuplicate && late.sequence == 1)

        for change in [
            { $0.text = "b" }, { $0.label = "no" }, { $0.textPair = "" }, { $0.task = "tagging" }, { $0.weight = 2 },
            { $0.slice = nil }, { $0.slice = "t" }, { $0.predicted = nil }, { $0.predicted = "q" },
        ] as [@Sendable (inout NewCorrection) -> Void] {
            var other = new
            change(&other)
            let error = await failure { _ = try await next.append(other) }
            #expect(error?.code == .conflict)
            #expect(error?.text.contains("idempotencyKey") == true)
        }
        // Another user's key is another key, and so is none.
        var other = new
        other.uid = 7
        #expect(try await next.append(other).sequence == 2)
        other.idempotencyKey = nil
        #expect(try await next.append(other).sequence == 3)
        #expect(try await next.append(other).sequence == 4)
        #expect(try await next.corrections(limit: 10).count == 4)
        await next.close()
    }

    @Test func `tells a key's texts apart by their bytes`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("\u{e9}", key: "k"))
        #expect(await code { _ = try await store.append(correction("e\u{301}", key: "k")) } == .conflict)
        await store.close()
    }

    @Test func `a conflict does not hold up what was committed with it`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.append(correction("a", key: "k"))
        let results = await withTaskGroup(of: StorageError.Code?.self) { group in
            for index in 0..<50 {
                let new = index.isMultiple(of: 10) ? correction("other", key: "k") : correction("text \(index)")
                group.addTask { await code { _ = try await store.append(new) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0 == .conflict } == 5)
        #expect(results.count { $0 == nil } == 45)
        #expect(store.counts[.queued] == 46)
        await store.close()
    }

    @Test(arguments: [Double.nan, .infinity, 0, -1])
    func `refuses weights that are none`(weight: Double) async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        var new = correction("a")
        new.weight = weight
        #expect(await code { _ = try await store.append(new) } == .invalid)
        await store.close()
    }

    @Test func `refuses NUL characters, and names the field`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        let fields: [(String, WritableKeyPath<NewCorrection, String?>)] = [
            ("textPair", \.textPair), ("slice", \.slice), ("idempotencyKey", \.idempotencyKey),
            ("predicted", \.predicted),
        ]
        for (name, field) in fields {
            var new = correction("a")
            new[keyPath: field] = "a\0b"
            let error = await failure { _ = try await store.append(new) }
            #expect(error?.code == .invalid)
            #expect(error?.text.contains("'\(name)'") == true)
        }
        #expect(await failure { _ = try await store.append(correction("\0")) }?.text.contains("'text'") == true)
        #expect(await failure { _ = try await store.append(correction("a", "\0")) }?.text.contains("'label'") == true)
        #expect(store.counts[.queued] == 0)
        await store.close()
    }

    @Test func `numbers every change, so that a reader sees each once`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        for text in ["a", "b", "a"] { _ = try await store.append(correction(text)) }
        var read = try await store.changes(after: 0, limit: 10)
        #expect(read.map(\.sequence) == [2, 3, 1])
        #expect(read.map(\.state) == [.queued, .queued, .superseded])
        #expect(read.last?.change == store.lastChange)
        _ = try await store.publish(draft(store, head: [3]))
        read = try await store.changes(after: read.last?.change ?? 0, limit: 10)
        #expect(read.map(\.sequence) == [3])
        #expect(read.first?.state == .learnt)
        #expect(try await store.changes(after: store.lastChange, limit: 10).isEmpty)
        await store.close()
    }
}
