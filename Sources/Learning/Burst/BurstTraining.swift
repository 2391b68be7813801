import Inference
import Storage
import Tokenization
import Transformer
import Tuning

/// The training of a burst, a pure function of what it is given; what makes a body, and what makes it again.
struct BurstTraining {
    let base: LearningBase
    let pipeline: TextPipeline
    let parent: LoadedBody

    /// The method as it goes on from `parent`: an adapter keeps the shape that it began with.
    static func method(_ method: TuningMethod, on parent: LoadedBody) -> TuningMethod {
        if case .lora = method, let adapter = parent.adapter { return .lora(adapter.plan) }
        return method
    }

    /// The labels that a burst tells apart.
    static func labels(of corrections: [Correction]) -> [String] {
        Set(corrections.map(\.content.label)).sorted()
    }

    /// Fits a head for `parent`'s features, then trains both.
    ///
    /// - Parameters:
    ///   - new: in content order, as is `replay`.
    ///   - settings: what the first head is fitted with.
    ///   - examples: the features of both by `parent`.
    ///   - names: the features of their labels' names by `parent`.
    /// - Throws: `BurstError`, `TuningError` or `InferenceError`.
    func run(
        _ recipe: BurstRecipe, new: [Correction], replay: [Correction], seed: UInt64, settings: HeadSettings,
        examples: HeadExamples, names: [String: [Float]], progress: @escaping @Sendable (Burst.Step) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> Burst.Outcome {
        let labels = Self.labels(of: new + replay)
        guard labels.count > 1 else {
            throw BurstError.invalid("the corrections have one label, '\(labels.first ?? "")': nothing to tell apart")
        }
        let problem = HeadProblem(examples: examples, labels: labels, names: names, base: base.head)
        var start = try problem.adapted(settings)
        // They are chosen already.
        start.chosenAt = examples.count
        guard
            let first = try problem.fit(parent: nil, settings: start, isThorough: true, isInterrupted: isCancelled)
        else { throw BurstError.cancelled }
        let indices = Dictionary(
            labels.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        let weights = parent.start(recipe.plan.method)
        var input = Burst.Input(
            base: weights.base, configuration: base.configuration, pooling: base.pooling,
            head: recipe.softened(first.head), corrections: try new.map { try example($0, indices) })
        if recipe.learnsNames, start.nameWeight > 0 {
            let named = labels.filter { names[$0] != nil && base.head?.labels.contains($0) != true }
            input.corrections += try named.map { try example(of: $0, indices, weight: start.nameWeight) }
        }
        input.replay = try replay.map { try example($0, indices) }
        input.seed = seed
        input.anchor = base.parameters
        input.adapter = weights.adapter
        return try train(recipe, input, progress: progress, isCancelled: isCancelled)
    }

    /// Runs the burst's members, each with a seed of its own, and takes the mean of what comes out.
    private func train(
        _ recipe: BurstRecipe, _ input: Burst.Input, progress: @escaping @Sendable (Burst.Step) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(BurstError) -> Burst.Outcome {
        // It may come from a manifest, and so from a file.
        guard BurstRecipe.memberCounts.contains(recipe.members) else {
            throw .invalid("a burst has 1 to \(BurstRecipe.memberCounts.upperBound) members, not \(recipe.members)")
        }
        let prefix = base.namePrefix
        let results = IdleThread.map(recipe.members, named: "tuning") { member -> Result<Burst.Outcome, BurstError> in
            var input = input
            input.seed = input.seed &+ UInt64(member)
            do throws(BurstError) {
                return .success(
                    try Burst.run(
                        recipe.plan, on: input, namePrefix: prefix, progress: progress, isCancelled: isCancelled))
            } catch {
                return .failure(error)
            }
        }
        var outcomes: [Burst.Outcome] = []
        for result in results { outcomes.append(try result.get()) }
        return outcomes.count > 1 ? .mean(outcomes, on: input, namePrefix: prefix) : outcomes[0]
    }

    private func example(_ correction: Correction, _ indices: [String: Int32]) throws -> BurstExample {
        try example(
            TextInput(correction), label: indices[correction.content.label] ?? 0, weight: correction.exampleWeight)
    }

    /// The name of a label, as an example of it.
    private func example(of label: String, _ indices: [String: Int32], weight: Float) throws -> BurstExample {
        try example(TextInput(CorrectionTable.words(of: label)), label: indices[label] ?? 0, weight: weight)
    }

    private func example(_ input: TextInput, label: Int32, weight: Float) throws -> BurstExample {
        let encoding = try pipeline.encode(input, for: parent.body.encoder)
        return BurstExample(ids: encoding.ids, typeIDs: encoding.typeIDs, label: label, weight: weight)
    }
}
