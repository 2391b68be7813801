import Synchronization

/// The thread that bursts are computed on, apart from all others and after all others.
actor Tuner {
    private nonisolated let executor = IdleThread(name: "tuning")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Computes `work` on the thread.
    func run(_ work: BurstRun) throws -> sending BurstVerdict { try work.run() }
}
