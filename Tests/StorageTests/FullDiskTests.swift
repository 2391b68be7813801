import Foundation
import Storage
import TestSupport
import Testing

@Suite struct `When the disk is full` {
    @Test(.enabled(if: SmallDisk.canMount))
    func `nothing more is taken, nothing is lost, and it goes on once there is room`() async throws {
        let disk = try #require(SmallDisk(kilobytes: 3_000))
        let path = "\(disk.path)/state"
        let store = try open(path)
        let filler = "\(disk.path)/filler"
        try Data(count: 1_000_000).write(to: URL(filePath: filler))

        func fill(_ prefix: String) async -> (keys: [String], error: StorageError?) {
            var keys: [String] = []
            for index in 0..<1_000 {
                let text = "\(prefix) \(index) " + String(repeating: "x", count: 20_000)
                let error = await failure { _ = try await store.append(correction(text, key: "\(prefix) \(index)")) }
                if let error { return (keys, error) }
                keys.append("\(prefix) \(index)")
            }
            return (keys, nil)
        }
        let first = await fill("first")
        #expect(first.error?.code == .readOnly && first.error?.cause == .full)
        #expect(first.keys.count > 10)
        #expect(store.readOnlyReason != nil)
        await store.tryWriting()
        #expect(store.readOnlyReason != nil)
        // Reading goes on.
        #expect(try await store.corrections(limit: 1_000).count == first.keys.count)
        #expect(store.counts[.queued] == first.keys.count)
        var large = try await draft(store)
        large.files.append(RevisionFile(name: "large", content: .bytes(Data(count: 4_000_000))))
        let unpublished = await failure { _ = try await store.publish(large) }
        #expect(unpublished?.code == .readOnly && unpublished?.cause == .full)
        let uncopied = await failure { _ = try await store.snapshot() }
        #expect(uncopied?.code == .readOnly && uncopied?.cause == .full)
        #expect(store.serving == 0)
        try await checkInvariants(store, path, "full")

        try FileManager.default.removeItem(atPath: filler)
        await store.tryWriting()
        #expect(store.readOnlyReason == nil)
        let second = await fill("second")
        #expect(second.keys.count > 10)
        #expect(second.error?.code == .readOnly)
        await store.close()

        let next = try open(path)
        let keys = try await next.corrections(limit: 1_000).compactMap(\.content.idempotencyKey)
        #expect(keys == first.keys + second.keys)
        try await checkInvariants(next, path, "after")
        await next.close()
        print("\(first.keys.count) and \(second.keys.count) corrections before the disk was full")
    }

    @Test(.enabled(if: SmallDisk.canMount))
    func `a purge is not said to be done, and is done once there is room`() async throws {
        let disk = try #require(SmallDisk(kilobytes: 5_000))
        let path = "\(disk.path)/state"
        let store = try open(path)
        let filler = "\(disk.path)/filler"
        try Data(count: 3_000_000).write(to: URL(filePath: filler))
        func fill(_ text: (Int) -> String) async -> StorageError? {
            for index in 0..<10_000 {
                let new = correction(text(index))
                if let error = await failure({ _ = try await store.append(new) }) { return error }
            }
            return nil
        }
        // Large ones until there is hardly room for them; small ones into what is left.
        let large = await fill { "first \($0) " + String(repeating: "x", count: 20_000) }
        let small = await fill { "more \($0)" }
        #expect(large?.code == .readOnly && small?.code == .readOnly)
        let refused = await failure { _ = try await store.purge(1) }
        #expect(refused?.code == .readOnly || refused?.code == .durabilityUnknown)
        #expect(store.readOnlyReason != nil)
        #expect(try await store.correction(1).isPurged == (refused?.code == .durabilityUnknown))
        await store.close()

        // With some room the transaction is made, but not the whole database anew.
        var next = try open(path)
        try FileManager.default.removeItem(atPath: filler)
        let free = try FileManager.default.attributesOfFileSystem(forPath: disk.path)[.systemFreeSize] as? Int ?? 0
        try Data(count: max(0, free - 200_000)).write(to: URL(filePath: filler))
        let unfinished = await failure { _ = try await next.purge(1) }
        #expect(unfinished?.code == .durabilityUnknown)
        #expect(try await next.correction(1).isPurged)
        await next.close()
        // It starts all the same, and there as well it is not done.
        next = try open(path)
        #expect(try await next.correction(2).content.text.hasPrefix("first 1 "))
        try FileManager.default.removeItem(atPath: filler)
        #expect(try await next.purge(1).description == "1")
        #expect(next.readOnlyReason == nil)
        #expect(try traces(of: "first 0 ", in: path).isEmpty)
        try await checkInvariants(next, path, "purged")
        await next.close()
    }
}
