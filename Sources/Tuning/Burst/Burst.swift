package import Tensors
package import Transformer

/// One bounded tuning run on a private copy of a body and a head.
///
/// The same inputs give the same bytes. It computes on the calling thread, without waiting for anything; nothing that
/// it reads is shared with others but immutable tensors.
package struct Burst {
    /// What a burst starts from.
    package struct Input: Sendable {
        package var base: BodyParameters
        package var configuration: ModelConfiguration
        package var pooling: PoolingPlan
        package var head: ClassificationHead
        /// For `lora`: the addition to go on from; nil for a new one, drawn from the seed.
        package var adapter: LowRankAdapter?
        /// What L2-SP pulls to; nil for `base`.
        package var anchor: BodyParameters?
        /// In an order that their content gives.
        package var corrections: [BurstExample]
        /// Earlier corrections, mixed in 1:1; in an order that their content gives.
        package var replay: [BurstExample] = []
        package var seed: UInt64 = 0
        /// Shared by all bursts on copies of this input.
        let frozen = FrozenWeights()

        package init(
            base: BodyParameters,
            configuration: ModelConfiguration,
            pooling: PoolingPlan,
            head: ClassificationHead,
            corrections: [BurstExample]
        ) {
            self.base = base
            self.configuration = configuration
            self.pooling = pooling
            self.head = head
            self.corrections = corrections
        }
    }

    /// One step, as it was made.
    package struct Step: Sendable, Equatable {
        /// Counted from 1.
        package let number: Int
        package let loss: Double
        package let learningRate: Float
        /// Of all gradients together, before clipping.
        package let gradientNorm: Double
    }

    /// Why a burst ended.
    package enum End: String, Sendable, Codable {
        /// All corrections are predicted right, with the margin.
        case fixed
        case stepLimit
    }

    /// What came of a burst.
    package struct Outcome: Sendable {
        /// The trained tensors of the body, under the names of a checkpoint or, for `lora`, of PEFT.
        package let delta: [NamedTensor]
        /// For `lora`: the same as factors.
        package let adapter: LowRankAdapter?
        /// The dense body to serve, to which `adapter` is still to be added.
        package let parameters: BodyParameters
        package let head: ClassificationHead
        package let steps: [Step]
        package let end: End
    }

    /// Runs `plan` on `input`.
    ///
    /// - Parameters:
    ///   - namePrefix: before the names in the outcome's delta, such as `bert.`.
    ///   - progress: called after each step.
    ///   - isCancelled: asked before each step.
    /// - Throws: `BurstError` if an example or a setting cannot be used, if a loss or a gradient is not finite, and if
    ///   the burst is cancelled.
    package static func run(
        _ plan: BurstPlan,
        on input: Input,
        namePrefix: String = "",
        kernels: VectorKernels = .best,
        progress: (Step) -> Void = { _ in },
        isCancelled: () -> Bool = { false }
    ) throws(BurstError) -> Outcome {
        let burst = try Burst(plan, input, kernels: kernels)
        let (steps, end) = try burst.train(progress: progress, isCancelled: isCancelled)
        let body = burst.objective.body
        let adapter = body.adapter
        return Outcome(
            delta: body.delta(namePrefix: namePrefix),
            adapter: adapter,
            parameters: body.parameters(),
            head: burst.objective.head.head,
            steps: steps,
            end: end
        )
    }

    private let plan: BurstPlan
    private let input: Input
    private let objective: BurstObjective
    private let kernels: VectorKernels

    private init(_ plan: BurstPlan, _ input: Input, kernels: VectorKernels) throws(BurstError) {
        if let fault = plan.fault { throw .invalid(fault) }
        let examples = input.corrections + input.replay
        guard !examples.isEmpty else { throw .invalid("a burst needs examples") }
        for (index, example) in examples.enumerated() {
            if let fault = Self.fault(in: example, input) { throw .invalid("example \(index): \(fault)") }
        }
        let longest = examples.reduce(1) { max($0, $1.ids.count) }
        let limits = BatchLimits(
            tokens: max(plan.batchTokens, longest),
            sequences: max(plan.batchSize, 2),
            longest: longest
        )
        var bodyPlan = TrainableBody.Plan(
            base: input.base,
            configuration: input.configuration,
            pooling: input.pooling,
            method: plan.method
        )
        bodyPlan.anchor = input.anchor
        bodyPlan.frozen = input.frozen
        bodyPlan.trainsEmbeddings = plan.trainsEmbeddings
        if plan.trainsEmbeddings { bodyPlan.vocabulary = Set(examples.flatMap(\.ids)) }
        if case .lora(let low) = plan.method {
            if let adapter = input.adapter, adapter.plan != low {
                throw .invalid("the adapter to go on from has another rank, alpha or targets than the method")
            }
            do {
                bodyPlan.adapter =
                    try input.adapter
                    ?? LowRankAdapter(low, for: input.base, configuration: input.configuration, seed: input.seed)
            } catch {
                throw .invalid(String(describing: error))
            }
        }
        let body = TrainableBody(bodyPlan, limits: limits, kernels: kernels)
        let head = TrainableHead(
            input.head,
            featureScale: plan.featureScale,
            sequences: limits.sequences,
            isTrained: plan.headLearningRate > 0
        )
        objective = BurstObjective(
            body,
            head,
            contrastiveShare: plan.contrastiveShare,
            temperature: plan.contrastiveTemperature
        )
        guard !objective.trained.isEmpty else { throw .invalid("the method trains nothing, and the head is frozen") }
        self.plan = plan
        self.input = input
        self.kernels = kernels
    }

    private func train(
        progress: (Step) -> Void,
        isCancelled: () -> Bool
    ) throws(BurstError) -> ([Step], End) {
        let optimizer = AdamW(objective.trained, settings: plan.optimizer, kernels: kernels)
        var sampler = BatchSampler(
            corrections: input.corrections,
            replay: input.replay,
            size: plan.batchSize,
            tokens: objective.body.limits.tokens,
            pairs: plan.contrastiveShare > 0,
            seed: input.seed,
            dropout: plan.tokenDropout ?? 0
        )
        var steps: [Step] = []
        for number in 1...plan.steps {
            if isCancelled() { throw .cancelled }
            let loss = objective.evaluate(sampler.next())
            guard loss.isFinite else { throw .diverged("the loss is not finite at step \(number)") }
            let factor = Float(plan.schedule.factor(step: number, of: plan.steps))
            let norm = try optimizer.step(
                learningRate: plan.learningRate * factor,
                headLearningRate: plan.headLearningRate * factor
            )
            let step = Step(
                number: number,
                loss: loss,
                learningRate: plan.learningRate * factor,
                gradientNorm: norm
            )
            steps.append(step)
            progress(step)
            if plan.checkInterval > 0 && number.isMultiple(of: plan.checkInterval) && number < plan.steps,
                allFixed()
            {
                return (steps, .fixed)
            }
        }
        return (steps, .stepLimit)
    }

    /// Whether all corrections are predicted right, by the margin.
    private func allFixed() -> Bool {
        let limits = objective.body.limits
        guard !input.corrections.isEmpty else { return false }
        var next = 0
        while next < input.corrections.count {
            let first = next
            var batch = TokenBatch()
            while next < input.corrections.count, batch.sequenceCount < limits.sequences,
                batch.tokenCount + input.corrections[next].ids.count <= limits.tokens
            {
                batch.append(ids: input.corrections[next].ids, typeIDs: input.corrections[next].typeIDs)
                next += 1
            }
            let logits = objective.logits(batch)
            for row in 0..<batch.sequenceCount {
                let label = Int(input.corrections[first + row].label)
                let right = logits[row, label]
                for column in 0..<logits.columns where column != label && logits[row, column] + plan.margin > right {
                    return false
                }
            }
        }
        return true
    }

    /// What is wrong with an example, or nil.
    private static func fault(in example: BurstExample, _ input: Input) -> String? {
        let configuration = input.configuration
        if example.ids.isEmpty { return "it has no tokens" }
        if example.ids.count > configuration.positionCount {
            return "\(example.ids.count) tokens, but the model has \(configuration.positionCount) positions"
        }
        if example.typeIDs.count != example.ids.count { return "it needs one token type for each token" }
        if example.ids.contains(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            return "a token id is beyond the model's vocabulary"
        }
        if example.typeIDs.contains(where: { $0 < 0 || $0 >= configuration.typeCount }) {
            return "a token type is beyond the model's \(configuration.typeCount)"
        }
        if example.label < 0 || Int(example.label) >= input.head.labels.count {
            return "label \(example.label) is not one of the head's \(input.head.labels.count)"
        }
        if !(example.weight.isFinite && example.weight > 0) { return "its weight must be positive" }
        return nil
    }
}
