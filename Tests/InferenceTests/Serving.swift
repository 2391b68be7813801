import Inference

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

    /// Returns as soon as texts wait.
    func queueFills() async {
        while queueLength == 0 { await Task.yield() }
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
func withEngine<R>(_ engine: InferenceEngine, _ body: (InferenceEngine) async throws -> R) async throws -> R {
    do {
        let result = try await body(engine)
        await engine.stop()
        return result
    } catch {
        await engine.stop()
        throw error
    }
}
