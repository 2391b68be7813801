import Synchronization

/// Wakes one waiting task; a signal given while nobody waits is kept, several become one.
final class Signal: Sendable {
    private enum State {
        case idle
        case raised
        case waiting(id: UInt64, CheckedContinuation<Bool, Never>)
    }

    /// `givenUp` is the last wait that was ended before it may have begun.
    private let state = Mutex<(State, nextID: UInt64, givenUp: UInt64)>((.idle, 0, 0))

    /// Whether a signal waits to be taken.
    var isRaised: Bool {
        state.withLock {
            if case .raised = $0.0 { true } else { false }
        }
    }

    /// Gives the signal.
    func raise() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard case .waiting(_, let continuation) = state.0 else {
                state.0 = .raised
                return nil
            }
            state.0 = .idle
            return continuation
        }
        waiter?.resume(returning: true)
    }

    /// Waits for the signal and takes it; false when `timeout` passed first or the task was cancelled.
    func wait(timeout: Duration? = nil) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let timer = timeout.map { timeout in
            Task { [self] in
                try? await Task.sleep(for: timeout)
                giveUp(id)
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Bool? in
                    if case .raised = state.0 {
                        state.0 = .idle
                        return true
                    }
                    if Task.isCancelled || state.givenUp >= id { return false }
                    state.0 = .waiting(id: id, continuation)
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    /// Ends wait `id`, if it still goes on.
    private func giveUp(_ id: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.givenUp = max(state.givenUp, id)
            guard case .waiting(id, let continuation) = state.0 else { return nil }
            state.0 = .idle
            return continuation
        }
        waiter?.resume(returning: false)
    }
}
