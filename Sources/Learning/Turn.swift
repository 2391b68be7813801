import Synchronization

/// Lets one task at a time do what takes several steps; the others wait in the order in which they came.
package final class Turn: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether somebody has the turn.
    package var isTaken: Bool { state.withLock { $0.isTaken } }

    /// Waits for the turn and takes it.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    package func take() async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if !state.isTaken {
                        state.isTaken = true
                        return .success(())
                    }
                    // A task that is cancelled later finds itself among those who wait.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            giveUp(number)
        }
    }

    /// Hands the turn to whoever has waited longest.
    package func give() {
        let next = state.withLock { state in
            state.isTaken = !state.waiting.isEmpty
            return state.isTaken ? state.waiting.removeFirst().continuation : nil
        }
        next?.resume()
    }

    private func giveUp(_ number: UInt64) {
        let waiter = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).continuation }
        }
        waiter?.resume(throwing: CancellationError())
    }
}
