import Dispatch

/// Where bursts are computed, one after the other: on threads that come after all others.
actor Tuner {
    private nonisolated let executor = QueueExecutor(label: "tuner", priority: .utility)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Computes `work` on a thread of its own, and waits.
    func run(_ work: BurstRun) throws -> sending BurstVerdict {
        // At this thread's priority: whoever needs the same weights meanwhile waits for it.
        work.prepare()
        return try IdleThread.run(named: "tuning") { Result { try work.run() } }.get()
    }
}
