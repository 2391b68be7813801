import Foundation
import Storage
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
}
