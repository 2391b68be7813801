package import Tensors

/// A private copy of a body for one burst: forward, backward, and the tensors that the burst's method changes.
///
/// What is not trained is read where the base has it, weights that are packed as `FrozenWeights` has them. All other memory
/// is asked for at the start, from the configuration and the limits. One thread uses it at a time; it is not `Sendable`.
package final class TrainableBody {
    /// The weights to begin with, and what is to be trained of them.
    package struct Plan {
        package var base: BodyParameters
        package var configuration: ModelConfiguration
        package var pooling: PoolingPlan
        package var method: TuningMethod
        /// For `lora`: the addition to go on from.
        package var adapter: LowRankAdapter?
        /// What a pull draws dense tensors to; nil for `base`.
        package var anchor: BodyParameters?
        /// Whether embeddings are trained, by methods that can.
        package var trainsEmbeddings = false
        /// All token ids that batches will have; needed only if embeddings are trained.
        package var vocabulary: Set<Int32> = []
        /// Where packed weights are shared with other bursts on `base`.
        package var frozen = FrozenWeights()

        package init(
            base: BodyParameters,
            configuration: ModelConfiguration,
            pooling: PoolingPlan,
            method: TuningMethod
        ) {
            self.base = base
            self.configuration = configuration
            self.pooling = pooling
            self.method = method
        }
    }

    package let plan: Plan
    package let limits: BatchLimits
    package let kernels: VectorKernels
    /// Everything that is trained, lowest first.
    package let trained: [TrainedTensor]

    let embeddings: EmbeddingLayer
    let blocks: [TrainableBlock]
    let pooling: PoolingLayer
    /// The lowest stage that is trained, as `TrainedArena` says.
    let lowest: Int
    let workspace: Workspace
    /// What each block keeps; those below the lowest trained take turns with two.
    let kept: [BlockActivations]
    let gradients: BlockGradients
    /// The gradient on its way down, [tokens, hiddenSize].
    let gradient: MatrixView
    let scratch: MatrixView
    /// The batch of the last forward.
    var batch = TokenBatch()
    private let arena: TrainedArena

    /// Takes the memory and copies what is trained.
    package init(_ plan: Plan, limits: BatchLimits, kernels: VectorKernels = .best) {
        let configuration = plan.configuration
        let shape = configuration.block
        let arena = TrainedArena(plan, tokens: limits.tokens, kernels: kernels)
        self.plan = plan
        self.limits = limits
        self.kernels = kernels
        self.arena = arena
        trained = arena.tensors

        let blocks = (0..<configuration.layerCount).map { index in
            let name = "encoder.layer.\(index)"
            let epsilon = configuration.normEpsilon
            return TrainableBlock(
                shape: shape,
                kernels: kernels,
                query: arena.linear("\(name).attention.self.query", stage: index),
                key: arena.linear("\(name).attention.self.key", stage: index),
                value: arena.linear("\(name).attention.self.value", stage: index),
                attentionOutput: arena.linear("\(name).attention.output.dense", stage: index),
                attentionNorm: arena.norm("\(name).attention.output.LayerNorm", epsilon: epsilon),
                intermediate: arena.linear("\(name).intermediate.dense", stage: index),
                output: arena.linear("\(name).output.dense", stage: index),
                outputNorm: arena.norm("\(name).output.LayerNorm", epsilon: epsilon)
            )
        }
        self.blocks = blocks
        let poolsByWeights = plan.pooling.pooling == .pooler
        let pooler = poolsByWeights ? arena.linear("pooler.dense", stage: blocks.count) : nil
        lowest = arena.lowest

        let sharing = min(max(lowest, 0), blocks.count)
        let sets = blocks.count - sharing + min(sharing, 2)
        let tokens = limits.tokens
        let size = configuration.hiddenSize
        let scratchSize = TrainableBlock.scratchSize(shape, length: limits.longest, kernels: kernels)
        let workspace = Workspace(
            capacity: sets * BlockActivations.footprint(shape, tokens: tokens)
                + BlockGradients.footprint(shape, tokens: tokens)
                + EmbeddingLayer.footprint(configuration, tokens: tokens)
                + PoolingLayer.footprint(configuration, sequences: limits.sequences)
                + Workspace.footprint(rows: tokens, columns: size) + Workspace.footprint(rows: 1, columns: scratchSize)
        )
        let shared = (0..<min(sharing, 2)).map { _ in BlockActivations(shape, tokens: tokens, in: workspace) }
        let own = (sharing..<blocks.count).map { _ in BlockActivations(shape, tokens: tokens, in: workspace) }
        self.workspace = workspace
        kept = (0..<sharing).map { shared[$0 % 2] } + own
        gradients = BlockGradients(shape, tokens: tokens, in: workspace)
        gradient = workspace.matrix(rows: tokens, columns: size)
        scratch = workspace.matrix(rows: 1, columns: scratchSize)
        embeddings = EmbeddingLayer(arena, configuration: configuration, tokens: tokens, in: workspace)
        pooling = PoolingLayer(
            plan.pooling,
            pooler: pooler,
            configuration: configuration,
            sequences: limits.sequences,
            in: workspace
        )
    }

    /// The features of each sequence of `batch`, [sequences, hiddenSize], valid until the next forward.
    ///
    /// The batch must be within the limits, its ids within the model's sizes (see `TextEncoder.fault`).
    package func forward(_ batch: TokenBatch) -> MatrixView {
        precondition(limits.admits(batch), "the body was made for smaller batches")
        self.batch = batch
        let tokens = batch.tokenCount
        var hidden = embeddings.forward(batch, kernels: kernels)
        for (block, all) in zip(blocks, kept) {
            let kept = all.rows(tokens)
            block.forward(hidden, starts: batch.starts, keeping: kept, scratch: scratch)
            hidden = kept.output
        }
        return pooling.forward(hidden, starts: batch.starts, kernels: kernels)
    }

    /// Writes the gradients of everything that is trained, given that of the last forward's features.
    ///
    /// `featureGradient` [sequences, hiddenSize] is used up. Nothing below the lowest trained stage is computed.
    package func backward(_ featureGradient: MatrixView) {
        guard lowest <= blocks.count else { return }
        let tokens = batch.tokenCount
        let gradient = gradient.rows(0..<tokens)
        pooling.backward(
            featureGradient,
            hidden: output(of: blocks.count - 1),
            starts: batch.starts,
            into: lowest < blocks.count ? gradient : nil,
            kernels: kernels
        )
        for index in stride(from: blocks.count - 1, through: max(lowest, 0), by: -1) {
            blocks[index].backward(
                gradient,
                hidden: output(of: index - 1),
                starts: batch.starts,
                kept: kept[index].rows(tokens),
                gradients: gradients,
                reachesInput: index > lowest,
                scratch: scratch
            )
        }
        if lowest < 0 {
            embeddings.backward(gradient, batch: batch, kernels: kernels)
        }
    }

    /// The output of block `index` for the batch in hand; of the embeddings for −1.
    private func output(of index: Int) -> MatrixView {
        (index < 0 ? embeddings.output : kept[index].output).rows(0..<batch.tokenCount)
    }
}
