import Synchronization

/// Where everybody can read how the burst is doing, and be told of every change.
package final class BurstBoard: Sendable {
    private struct State {
        var current: BurstStatus?
        var isCancelled = false
        var readers: [Int: AsyncStream<BurstStatus>.Continuation] = [:]
        var nextReader = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The burst that runs, or the last one.
    package var current: BurstStatus? { state.withLock { $0.current } }

    /// Whether the burst that runs shall stop.
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Begins with a burst, or shows one that is over.
    package func show(_ status: BurstStatus?) {
        state.withLock {
            $0.current = status
            $0.isCancelled = false
        }
    }

    /// Changes what is shown of the burst that runs.
    package func update(_ change: (inout BurstStatus) -> Void) {
        let told = state.withLock { state -> (BurstStatus, [AsyncStream<BurstStatus>.Continuation])? in
            guard var status = state.current else { return nil }
            change(&status)
            state.current = status
            let readers = Array(state.readers.values)
            if status.isOver { state.readers = [:] }
            return (status, readers)
        }
        guard let (status, readers) = told else { return }
        // Not under the lock: ending a stream calls back.
        for reader in readers {
            reader.yield(status)
            if status.isOver { reader.finish() }
        }
    }

    /// Asks the burst that runs to stop; what it is, or nil if none runs.
    package func cancel() -> BurstStatus? {
        state.withLock { state in
            guard let current = state.current, !current.isOver else { return nil }
            state.isCancelled = true
            return current
        }
    }

    /// Every change of the burst that runs from now on, the newest last; it ends with the burst.
    package func updates() -> AsyncStream<BurstStatus> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = state.withLock { state -> Int? in
                guard let current = state.current, !current.isOver else { return nil }
                state.nextReader += 1
                state.readers[state.nextReader] = continuation
                return state.nextReader
            }
            guard let id else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                _ = self?.state.withLock { $0.readers.removeValue(forKey: id) }
            }
        }
    }
}
