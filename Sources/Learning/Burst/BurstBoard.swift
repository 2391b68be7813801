import Synchronization

/// Where everybody can read how the burst is doing.
///
/// The threads that compute only write here and wake nobody: see `IdleThread`. What they ask all the time takes no lock: the
/// others would wait for one that was handed to a thread which hardly runs.
package final class BurstBoard: Sendable {
    private struct State {
        var current: BurstStatus?
        /// The last ones that are over, the newest last.
        var finished: [BurstStatus] = []
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)

    package init() {}

    /// The burst that runs, or the last one.
    package var current: BurstStatus? { state.withLock { $0.current } }

    /// Whether the burst that runs shall stop.
    package var isCancelled: Bool { cancellation.load(ordering: .relaxed) }

    /// Begins with a burst, or shows one that is over.
    package func show(_ status: BurstStatus?) {
        state.withLock {
            $0.current = status
            cancellation.store(false, ordering: .relaxed)
        }
    }

    /// Changes what is shown of the burst that runs.
    package func update(_ change: (inout BurstStatus) -> Void) {
        state.withLock { state in
            guard var status = state.current else { return }
            change(&status)
            state.current = status
            guard status.isOver else { return }
            cancellation.store(false, ordering: .relaxed)
            state.finished = state.finished.suffix(15) + [status]
        }
    }

    /// Shows no more why bursts ended as they did.
    func forgetReasons() {
        state.withLock { state in
            if state.current?.isOver == true { state.current?.reason = nil }
            for index in state.finished.indices { state.finished[index].reason = nil }
        }
    }

    /// Asks the burst that runs to stop; what it is, or nil if none runs.
    package func cancel() -> BurstStatus? {
        state.withLock { state in
            guard let current = state.current, !current.isOver else { return nil }
            cancellation.store(true, ordering: .relaxed)
            return current
        }
    }

    /// Burst `id`, as long as it is remembered.
    private func status(of id: Int) -> BurstStatus? {
        state.withLock { state in
            state.current?.id == id ? state.current : state.finished.last { $0.id == id }
        }
    }

    /// How burst `id` is doing, looked at now and several times a second, until it is over or another takes its place.
    package func updates(of id: Int) -> AsyncStream<BurstStatus> {
        AsyncStream { [self] stream in
            let watch = Task {
                var last: BurstStatus?
                while let now = status(of: id) {
                    if now != last { stream.yield(now) }
                    last = now
                    if now.isOver { break }
                    do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
                }
                stream.finish()
            }
            stream.onTermination = { _ in watch.cancel() }
        }
    }
}
