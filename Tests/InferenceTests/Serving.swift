import Dispatch
import Inference
import Synchronization
import Testing

extension InferenceEngine {
    /// An engine of a test; `threads` compute batches of at most `batchTokens`.
    static func serving(
        _ model: TinyModel.Loaded, threads: Int = 1, batchTokens: Int = 512, queuedTexts: Int = 65_536
    ) -> InferenceEngine {
        var options = Options()
        options.threads = threads
        options.batchTokens = batchTokens
        options.queuedTexts = queuedTexts
        return InferenceEngine(pipeline: model.pipeline, revision: model.revision, options: options)
    }

    /// Starts a request of many texts, and returns as soon as they wait.
    func queue<R: Sendable>(
        _ request: @escaping @Sendable (InferenceEngine) async throws -> R
    ) async throws -> Task<R, any Error> {
        let isOver = Flag()
        let task = Task {
            defer { isOver.value.store(true, ordering: .releasing) }
            return try await request(self)
        }
        while queueLength == 0, !isOver.value.load(ordering: .acquiring) { await Task.yield() }
        try #require(queueLength > 0, "the request was over before its texts were seen to wait")
        return task
    }

    /// Returns once no text waits; how many different numbers were seen waiting on the way.
    func queueDrains() async -> Int {
        var seen: Set<Int> = []
        while case let length = queueLength, length > 0 {
            seen.insert(length)
            await Task.yield()
        }
        return seen.count
    }
}

/// Runs `body` with an engine, which is stopped afterwards, whatever happens.
///
/// It runs on a thread of its own: other tests that keep all of Swift's threads busy would otherwise hold it up until
/// there is nothing left in the queue to look at.
func withEngine<R>(_ engine: InferenceEngine, _ body: (InferenceEngine) async throws -> R) async throws -> R {
    try await withTaskExecutorPreference(OwnThread()) {
        do {
            let result = try await body(engine)
            await engine.stop()
            return result
        } catch {
            await engine.stop()
            throw error
        }
    }
}

/// Runs tasks one at a time on a serial queue, which has a thread whenever there is work.
private final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}
