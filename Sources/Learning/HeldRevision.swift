package import Inference
import Storage

/// The one revision that is in memory beside the one that serves, for predictions that ask for it by name.
///
/// To be used by the learner alone.
final class HeldRevision {
    private let turn = Turn()
    private var revision: LoadedRevision?
    /// Requests that use it, or one that was held before and forgotten.
    private var users = 0
    private var forgotten = 0
    private var waiter: CheckedContinuation<Void, Never>?

    /// Takes revision `number` into use, which `load` reads where it is not there yet.
    ///
    /// Nothing is read before all have ended that use another one: whoever asks for many must not fill the memory.
    func take(
        _ number: Int, isolation: isolated (any Actor) = #isolation,
        load: () async throws(StorageError) -> LoadedRevision
    ) async throws -> ServingRevision {
        try await turn.take()
        defer { turn.give() }
        if revision?.serving.number != number {
            if users > 0 { await withCheckedContinuation(isolation: isolation) { waiter = $0 } }
            revision = nil
            // What is forgotten while it is read may be gone.
            while revision == nil {
                let before = forgotten
                let loaded = try await load()
                if forgotten == before { revision = loaded }
            }
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

extension Learner {
    /// What `body` makes of revision `number`, which is in memory for that long.
    package func with<Value: Sendable>(
        revision number: Int, _ body: @concurrent @Sendable (ServingRevision) async throws -> Value
    ) async throws -> Value {
        if number == served.serving.number { return try await body(served.serving) }
        let serving = try await other.take(number) { () async throws(StorageError) in
            try await Self.load(number, from: store, base: base, known: served)
        }
        defer { other.give() }
        return try await body(serving)
    }

    /// Reads and packs a revision, while the learner goes on.
    @concurrent private static func load(
        _ number: Int, from store: StateStore, base: LearningBase, known: LoadedRevision
    ) async throws(StorageError) -> LoadedRevision {
        let revision = try await LoadedRevision.load(number, from: store, base: base, known: known)
        revision.serving.prepare()
        return revision
    }
}
