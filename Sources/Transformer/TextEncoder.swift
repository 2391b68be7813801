import Dispatch
import Synchronization
package import Tensors

/// A body ready to serve: turns batches of token ids into hidden states and pooled features.
///
/// Immutable and shared by any number of threads, each with a `Workspace` of its own. Every row is computed in the
/// same order whatever else is in the batch.
package struct TextEncoder: Sendable {
    package let configuration: ModelConfiguration
    package let plan: PoolingPlan
    package let kernels: VectorKernels
    /// The weights as they were loaded, for those who tune them.
    package let parameters: BodyParameters
    /// What is added to them as they are packed, so that the sum is never there as a whole.
    package let adapter: LowRankAdapter?
    /// Of the packed weights; the pooler's few products are in fp32.
    package let precision: WeightPrecision
    private let packed: Once<PackedWeights>

    /// The weights as products read them.
    private struct PackedWeights: Sendable {
        let blocks: [TransformerBlock]
        let pooler: PackedMatrix?
    }

    /// Packs `parameters`, with what `adapter` adds to them, for `kernels` when it is first used; they must have a pooler
    /// for `Pooling.pooler`.
    package init(
        _ parameters: BodyParameters, adapter: LowRankAdapter? = nil, configuration: ModelConfiguration,
        plan: PoolingPlan, precision: WeightPrecision = .float32, kernels: VectorKernels = .best
    ) {
        precondition(plan.pooling != .pooler || parameters.pooler != nil, "pooling by the pooler needs its weights")
        self.configuration = configuration
        self.plan = plan
        self.precision = precision
        self.kernels = kernels
        self.parameters = parameters
        self.adapter = adapter
        packed = Once { threads in
            @Sendable func merged(_ part: ParameterPlace.Part) -> BodyParameters {
                adapter?.merged(into: parameters, configuration: configuration, part: part) ?? parameters
            }
            let size = TransformerBlock.arenaFootprint(configuration.block, precision: precision, kernels: kernels)
            let arena = WeightArena(capacity: parameters.blocks.count * size)
            defer { adapter?.letGo() }
            let inputNorms = [parameters.embeddingNorm] + parameters.blocks.map(\.outputNorm)
            // In the order in which they are read, whoever packs which.
            let places = parameters.blocks.map { _ in WeightArena(size, of: arena) }
            let blocks = Self.each(parameters.blocks.count, threads: threads) { index in
                defer { parameters.blocks[index].letGo() }
                return TransformerBlock(
                    merged(.block(index)).blocks[index], inputNorm: inputNorms[index], shape: configuration.block,
                    precision: precision, kernels: kernels, in: places[index])
            }
            return PackedWeights(
                blocks: blocks,
                pooler: plan.pooling == .pooler
                    ? merged(.pooler).pooler.map { PackedMatrix($0.weight, kernels: kernels) } : nil)
        }
    }

    /// What `make` gives for 0 ..< count, by up to `threads` threads.
    private static func each<Value: Sendable>(
        _ count: Int, threads: Int, _ make: @Sendable (Int) -> Value
    ) -> [Value] {
        guard threads > 1, count > 1 else { return (0..<count).map(make) }
        let values = Mutex([Int: Value]())
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { break }
                let value = make(index)
                values.withLock { $0[index] = value }
            }
        }
        return values.withLock { made in (0..<count).compactMap { made[$0] } }
    }

    /// The same encoder, which packs its weights anew when it is first used: those of this one can go when nobody computes
    /// with it any more.
    package func unpacked() -> TextEncoder {
        TextEncoder(
            parameters, adapter: adapter, configuration: configuration, plan: plan, precision: precision,
            kernels: kernels)
    }

    /// The dense weights that serve: a copy of them where there is an adapter.
    package func mergedParameters() -> BodyParameters {
        adapter?.merged(into: parameters, configuration: configuration) ?? parameters
    }

    /// Whether `other` serves with the same weights, to the bit.
    package func hasWeights(of other: TextEncoder) -> Bool {
        let pairs = zip(parameters.tensors(configuration), other.parameters.tensors(other.configuration))
        return configuration == other.configuration && (parameters.pooler == nil) == (other.parameters.pooler == nil)
            && pairs.allSatisfy { own, others in
                let tensor = adapter?.merged(into: own.tensor, at: own.place) ?? own.tensor
                return tensor.hasBits(of: other.adapter?.merged(into: others.tensor, at: others.place) ?? others.tensor)
            }
    }

    /// Packs the weights now, so that the first request need not wait for it.
    ///
    /// - Parameter threads: how many threads may share the work: more than the calling one only where nothing else is to be
    ///   done meanwhile, as when a daemon starts. Each takes memory for a block's weights while it merges an adapter.
    package func prepare(threads: Int = 1) { _ = packed.made(by: threads) }

    /// Values in one text's features.
    package var featureCount: Int { configuration.hiddenSize }

    /// A workspace for batches of at most `tokens` tokens, in any number of sequences.
    package func makeWorkspace(tokens: Int) -> Workspace {
        Workspace(
            capacity: 2 * Workspace.footprint(rows: tokens, columns: configuration.hiddenSize)
                + 2 * Workspace.footprint(rows: 1, columns: configuration.hiddenSize)
                + TransformerBlock.footprint(
                    configuration.block, tokens: tokens, longest: min(tokens, configuration.positionCount),
                    precision: precision, kernels: kernels))
    }

    /// What is wrong with a sequence for this model, or nil.
    package func fault(in ids: [Int32], typeIDs: [Int32]) -> String? {
        if ids.count > configuration.positionCount {
            return "\(ids.count) tokens, but the model has \(configuration.positionCount) positions"
        }
        if let id = ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            return "token id \(id) is beyond the model's vocabulary of \(configuration.vocabularySize)"
        }
        if let type = typeIDs.first(where: { $0 < 0 || $0 >= configuration.typeCount }) {
            return "token type \(type) is beyond the model's \(configuration.typeCount)"
        }
        return nil
    }

    /// Calls `body` with the last block's hidden states [tokens, hiddenSize], valid during the call.
    ///
    /// The batch must have passed `fault(in:typeIDs:)` and fit the workspace.
    package func withHiddenStates<R>(
        _ batch: TokenBatch, workspace: Workspace, _ body: (MatrixView) -> R
    ) -> R {
        workspace.scoped {
            let hidden = workspace.matrix(rows: batch.tokenCount, columns: configuration.hiddenSize)
            embed(batch, into: hidden)
            for block in packed.value.blocks {
                block.forward(hidden, starts: batch.starts, workspace: workspace)
            }
            return body(hidden)
        }
    }

    /// The pooled features of each sequence; [sequences][featureCount].
    package func features(_ batch: TokenBatch, workspace: Workspace) -> [[Float]] {
        withHiddenStates(batch, workspace: workspace) { hidden in
            zip(batch.starts, batch.starts.dropFirst()).map { start, end in
                workspace.scoped { pool(hidden.rows(start..<end), workspace: workspace) }
            }
        }
    }

    /// Word, position and type embeddings added up and normed.
    private func embed(_ batch: TokenBatch, into hidden: MatrixView) {
        for (start, end) in zip(batch.starts, batch.starts.dropFirst()) {
            for position in start..<end {
                kernels.sumRows(
                    (parameters.wordEmbeddings, Int(batch.ids[position])),
                    (parameters.typeEmbeddings, Int(batch.typeIDs[position])),
                    (parameters.positionEmbeddings, position - start),
                    intoRow: position, of: hidden)
            }
        }
        kernels.layerNorm(
            hidden, residual: nil, weight: parameters.embeddingNorm.weight, bias: parameters.embeddingNorm.bias,
            epsilon: configuration.normEpsilon, into: hidden)
    }

    /// The features of one sequence's hidden states [tokens, hiddenSize].
    private func pool(_ hidden: MatrixView, workspace: Workspace) -> [Float] {
        let pooled = workspace.matrix(rows: 1, columns: configuration.hiddenSize)
        switch plan.pooling {
        case .mean: kernels.mean(rowsOf: hidden, into: pooled)
        case .max: kernels.maximum(rowsOf: hidden, into: pooled)
        case .cls: kernels.copy(hidden.rows(0..<1), into: pooled)
        case .pooler:
            guard let weight = packed.value.pooler, let bias = parameters.pooler?.bias else {
                preconditionFailure("init checked that the pooler is there")
            }
            weight.multiply(hidden.rows(0..<1), bias: bias, activation: .tanh, into: pooled)
        }
        if plan.normalizes {
            kernels.normalize(rowsOf: pooled)
        }
        return pooled.values
    }
}
