import Dispatch
package import Inference
import Storage

/// The one revision that is in memory beside the one that serves, for predictions that ask for it by name.
///
/// To be used by the learner alone.
final class HeldRevision {
    private let turn = Turn()
    private let loader = RevisionLoader()
    private var revision: LoadedRevision?
    /// Requests that use it, or one that was held before and forgotten.
    private var users = 0
    /// Requests that have used it though others wait for another one.
    private var passes = 0
    private var forgotten = 0
    private var waiter: CheckedContinuation<Void, Never>?

    /// So many may use what is held before those who wait for another one have their turn.
    private static let mostPasses = 64

    /// Takes revision `number` into use if it is in memory, and those who wait for another one have not waited long.
    func takeHeld(_ number: Int) -> ServingRevision? {
        guard let revision, revision.serving.number == number else { return nil }
        if turn.isTaken {
            guard passes < Self.mostPasses else { return nil }
            passes += 1
        }
        users += 1
        return revision.serving
    }

    /// Takes revision `number` into use, which is read where it is not there yet.
    ///
    /// Nothing is read before all have ended that use another one: whoever asks for many must not fill the memory.
    ///
    /// - Parameters:
    ///   - known: a revision whose body is taken over where it is the same.
    ///   - letGo: called when the one that was held is not any more.
    /// - Throws: `StorageError`, or `CancellationError` when the task is cancelled before anything is read.
    func take(
        _ number: Int, from store: StateStore, base: LearningBase, isolation: isolated (any Actor) = #isolation,
        known: () -> LoadedRevision, letGo: () -> Void
    ) async throws -> ServingRevision {
        try await turn.take()
        defer { turn.give() }
        if revision?.serving.number != number {
            // Others may pass before this goes on.
            while users > 0 { await withCheckedContinuation(isolation: isolation) { waiter = $0 } }
            try Task.checkCancellation()
            revision = nil
            letGo()
            // What is forgotten while it is read may be gone.
            while revision == nil {
                let before = forgotten
                let loaded = try await loader.load(number, from: store, base: base, known: known())
                if forgotten == before { revision = loaded }
            }
            passes = 0
        }
        guard let serving = revision?.serving else { preconditionFailure("nothing was awaited since") }
        users += 1
        return serving
    }

    /// Ends one use.
    func give() {
        users -= 1
        guard users == 0 else { return }
        waiter?.resume()
        waiter = nil
    }

    /// Lets go of it: whoever uses it still has it until then.
    func forget() {
        revision = nil
        forgotten += 1
    }
}

/// Where revisions that are asked for by name are read and packed, while the learner and the cooperative pool go on.
private actor RevisionLoader {
    private nonisolated let executor = QueueExecutor(label: "loader", priority: .utility)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func load(
        _ number: Int, from store: StateStore, base: LearningBase, known: LoadedRevision
    ) async throws(StorageError) -> LoadedRevision {
        let revision = try await LoadedRevision.load(number, from: store, base: base, known: known)
        revision.serving.prepare()
        return revision
    }
}

extension Learner {
    /// What `body` makes of revision `number`, which is in memory for that long.
    ///
    /// - Throws: `StorageError` with `notFound` for one that is not kept, `CancellationError`, and what `body` does.
    package func with<Value: Sendable>(
        revision number: Int, _ body: @concurrent @Sendable (ServingRevision) async throws -> Value
    ) async throws -> Value {
        if number == served.serving.number { return try await body(served.serving) }
        let serving = try await use(number)
        defer { other.give() }
        return try await body(serving)
    }

    private func use(_ number: Int) async throws -> ServingRevision {
        if let held = other.takeHeld(number) { return held }
        // What is not there costs nobody the one that is.
        if number != 0 { _ = try await store.revision(number) }
        return try await other.take(number, from: store, base: base, known: { served }, letGo: restBase)
    }

    /// Lets go of revisions that are in memory for predictions alone.
    func forgetOther() {
        other.forget()
        restBase()
    }
}
