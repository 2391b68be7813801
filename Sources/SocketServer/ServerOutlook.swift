import Synchronization

/// What can be known of a server off its event loop, and after that has ended.
final class ServerOutlook: Sendable {
    private struct Ending {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How many connections are open.
    let connections = Atomic(0)
    private let ending = Mutex(Ending())

    /// Notes that the server has nothing left to do.
    func end() {
        let waiters = ending.withLock { ending in
            ending.hasEnded = true
            defer { ending.waiters = [] }
            return ending.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the server has nothing left to do.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = ending.withLock { ending in
                if !ending.hasEnded { ending.waiters.append(continuation) }
                return ending.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
