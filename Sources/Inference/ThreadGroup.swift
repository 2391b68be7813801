import Foundation
import Synchronization

/// Threads of the engine's own, so that computing never blocks the cooperative pool.
final class ThreadGroup: Sendable {
    private struct State {
        var running: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// Starts `count` threads, each running `work` once.
    init(count: Int, name: String, work: @escaping @Sendable () -> Void) {
        state = Mutex(State(running: count))
        for index in 0..<count {
            let thread = Thread { [self] in
                work()
                finish()
            }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    /// Returns when every thread has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func finish() {
        let waiters = state.withLock { state in
            state.running -= 1
            return state.running == 0 ? state.waiters : []
        }
        for waiter in waiters { waiter.resume() }
    }
}
