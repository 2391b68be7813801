import Foundation
import Storage
import Synchronization
import Testing

@Suite struct `The size of a state` {
    @Test func `counts a file of several revisions once, and the journal also apart`() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory.state)
        _ = try await store.publish(draft(store, body: newBody(String(repeating: "weights ", count: 1 << 17))))
        let before = await store.size()
        #expect(before.state > 1 << 20)
        #expect((1...before.state).contains(before.journal))

        _ = try await store.publish(draft(store, body: .sameAs(1)))
        let shared = await store.size()
        #expect(shared.state - before.state < 1 << 19)

        _ = try await store.append(correction(String(repeating: "long ", count: 1 << 17)))
        let after = await store.size()
        #expect(after.journal - shared.journal > 1 << 19)
        #expect(after.state - shared.state > 1 << 19)
        await store.close()
    }

    @Test func `is not that of a journal in the middle of being written anew`() async throws {
        let directory = try TemporaryDirectory()
        let first = try open(directory.state)
        for index in 0..<20 {
            _ = try await first.append(correction("\(index) " + String(repeating: "long ", count: 1 << 15)))
        }
        await first.close()
        let measurement = Measurement()
        let store = try open(directory.state) { options in
            options.hook = { (step) throws(StorageError) in if step == .emptyLog { measurement.begin() } }
        }
        let before = await store.size()
        measurement.store.withLock { $0 = store }
        _ = try await store.purge(1)
        let size = await measurement.task.withLock { $0 }?.value
        #expect(try #require(size).journal <= before.journal)
        await store.close()
    }

    /// Measures a store from one of its own steps, which gives it a moment for that.
    private final class Measurement: Sendable {
        let store = Mutex<StateStore?>(nil)
        let task = Mutex<Task<StateSize, Never>?>(nil)

        func begin() {
            guard let store = store.withLock({ $0 }) else { return }
            let done = DispatchSemaphore(value: 0)
            task.withLock {
                $0 = Task {
                    defer { done.signal() }
                    return await store.size()
                }
            }
            _ = done.wait(timeout: .now() + 1)
        }
    }
}
