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
    ///   - examples: the features of both by `parent`.
    ///   - names: the features of their labels' names by `parent`.
    /// - Throws: `BurstError`, `TuningError` or `InferenceError`.
    func run(
        _ plan: BurstPlan, new: [Correction], replay: [Correction], seed: UInt64, examples: HeadExamples,
        names: [String: [Float]], progress: (Burst.Step) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws -> Burst.Outcome {
        let labels = Self.labels(of: new + replay)
        guard labels.count > 1 else {
            throw BurstError.invalid("the corrections have one label, '\(labels.first ?? "")': nothing to tell apart")
        }
        let problem = HeadProblem(examples: examples, labels: labels, names: names, base: base.head)
        guard
            let first = try problem.fit(
                parent: nil, settings: nil, isThorough: true, isInterrupted: isCancelled)
        else { throw BurstError.cancelled }
        let indices = Dictionary(
            labels.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        let start = parent.start(plan.method)
        var input = Burst.Input(
            base: start.base, configuration: base.configuration, pooling: base.pooling, head: first.head,
            corrections: try new.map { try example($0, indices) })
        input.replay = try replay.map { try example($0, indices) }
        input.seed = seed
        input.anchor = base.parameters
        input.adapter = start.adapter
        return try Burst.run(
            plan, on: input, namePrefix: base.namePrefix, progress: progress, isCancelled: isCancelled)
    }

    private func example(_ correction: Correction, _ indices: [String: Int32]) throws -> BurstExample {
        let encoding = try pipeline.encode(TextInput(correction), for: parent.body.encoder)
        return BurstExample(
            ids: encoding.ids, typeIDs: encoding.typeIDs, label: indices[correction.content.label] ?? 0,
            weight: correction.exampleWeight)
    }
}
