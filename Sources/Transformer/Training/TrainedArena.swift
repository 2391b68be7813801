import Tensors

/// The memory of all trained tensors and their gradients, and the layers that look into it.
final class TrainedArena {
    /// In the order of the walk; low-rank factors where their layer's weight would be.
    let tensors: [TrainedTensor]
    /// The lowest stage that is trained: −1 for embeddings, a block's index, the number of blocks for the pooler, one
    /// more for nothing at all.
    let lowest: Int
    private let workspace: Workspace
    private let kernels: VectorKernels
    private let scale: Float
    private let base: [String: Tensor]
    private let frozen: FrozenWeights
    private let trained: [String: TrainedTensor]
    private let reduced: [String: MatrixView]
    private let scratch: LowRankScratch?

    /// Copies what `plan` trains; the rest is read where it is.
    init(_ plan: TrainableBody.Plan, tokens: Int, kernels: VectorKernels) {
        let requests = Request.all(plan)
        var rank = 0
        if case .lora(let low) = plan.method { rank = low.rank }
        var capacity = requests.reduce(0) { $0 + 2 * Workspace.footprint(rows: $1.rows, columns: $1.columns) }
        let longest = requests.map { max($0.rows, $0.columns) }.max() ?? 0
        if rank > 0 {
            capacity += requests.count / 2 * Workspace.footprint(rows: tokens, columns: rank)
            capacity += LowRankScratch.footprint(rank: rank, longest: longest, tokens: tokens, kernels: kernels)
        }
        let workspace = Workspace(capacity: capacity)
        tensors = requests.map { request in
            let value = workspace.matrix(rows: request.rows, columns: request.columns)
            request.fill(value)
            return TrainedTensor(
                name: request.name,
                shape: request.shape,
                value: value,
                gradient: workspace.matrix(rows: request.rows, columns: request.columns),
                decays: request.decays,
                anchor: request.anchor,
                depth: request.depth,
                rows: request.touched
            )
        }
        if case .lora(let low) = plan.method {
            scale = low.scale
            let names = requests.compactMap(\.loweredLayer)
            reduced = Dictionary(
                uniqueKeysWithValues: names.map { ($0, workspace.matrix(rows: tokens, columns: low.rank)) }
            )
            scratch = LowRankScratch(
                rank: low.rank, longest: longest, tokens: tokens, kernels: kernels, in: workspace)
        } else {
            (scale, reduced, scratch) = (1, [:], nil)
        }
        self.workspace = workspace
        self.kernels = kernels
        frozen = plan.frozen
        lowest = requests.map(\.stage).min() ?? plan.configuration.layerCount + 1
        trained = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
        base = Dictionary(
            uniqueKeysWithValues: plan.base.tensors(plan.configuration).map { ($0.place.name, $0.tensor) }
        )
    }

    /// The value of the tensor `name`: the copy in training, or the base's.
    func value(_ name: String) -> ConstantMatrix {
        if let trained = trained[name] { return trained.value.constant }
        guard let tensor = base[name] else { preconditionFailure("the walk has no '\(name)'") }
        return tensor.matrix
    }

    func gradient(_ name: String) -> MatrixView? { trained[name]?.gradient }

    func rows(_ name: String) -> TouchedRows? { trained[name]?.rows }

    /// The linear layer `name`, whose place is in block `stage`, or in the pooler for the number of blocks.
    func linear(_ name: String, stage: Int) -> LinearLayer {
        var addition: LowRankPath?
        if let a = trained["\(name).lora_A.weight"], let b = trained["\(name).lora_B.weight"],
            let reduced = reduced[name], let scratch
        {
            addition = LowRankPath(
                a: a.value,
                b: b.value,
                aGradient: a.gradient,
                bGradient: b.gradient,
                scale: scale,
                reduced: reduced,
                scratch: scratch,
                kernels: kernels
            )
        }
        var packed: FrozenWeight?
        if trained["\(name).weight"] == nil, let weight = base["\(name).weight"] {
            packed = frozen.packed(weight, hasBackward: stage >= lowest, kernels: kernels)
        }
        return LinearLayer(
            weight: value("\(name).weight"),
            bias: value("\(name).bias"),
            weightGradient: gradient("\(name).weight"),
            biasGradient: gradient("\(name).bias"),
            addition: addition,
            packed: packed
        )
    }

    func norm(_ name: String, epsilon: Float) -> NormLayer {
        NormLayer(
            weight: value("\(name).weight"),
            bias: value("\(name).bias"),
            weightGradient: gradient("\(name).weight"),
            biasGradient: gradient("\(name).bias"),
            epsilon: epsilon
        )
    }

    /// A tensor that memory is wanted for.
    private struct Request {
        let name: String
        let shape: [Int]
        let rows: Int
        let columns: Int
        let decays: Bool
        let anchor: TrainedTensor.Anchor
        /// As in `lowest`.
        let stage: Int
        let depth: Int
        let touched: TouchedRows?
        let fill: (MatrixView) -> Void
        /// The linear layer, for the first of its low-rank factors.
        var loweredLayer: String?

        static func all(_ plan: TrainableBody.Plan) -> [Request] {
            let configuration = plan.configuration
            let layerCount = configuration.layerCount
            let anchors = (plan.anchor ?? plan.base).tensors(configuration)
            var requests: [Request] = []
            for ((place, tensor), (_, anchor)) in zip(plan.base.tensors(configuration), anchors) {
                let stage =
                    switch place.part {
                    case .embeddings: -1
                    case .block(let index): index
                    case .pooler: layerCount
                    }
                let depth = max(layerCount - 1 - stage, 0)
                if place.part == .pooler && plan.pooling.pooling != .pooler { continue }
                if case .lora(let low) = plan.method {
                    guard place.kind == .weight, low.covers(place.module) else { continue }
                    guard let factors = plan.adapter?.factors[place.module] else {
                        preconditionFailure("low-rank tuning needs an adapter that covers '\(place.module)'")
                    }
                    for (letter, factor, anchor) in [
                        ("A", factors.a, TrainedTensor.Anchor.none), ("B", factors.b, .zero),
                    ] {
                        requests.append(
                            Request(
                                name: "\(place.module).lora_\(letter).weight",
                                shape: factor.shape,
                                rows: factor.rows,
                                columns: factor.columns,
                                decays: true,
                                anchor: anchor,
                                stage: stage,
                                depth: depth,
                                touched: nil,
                                fill: { $0.copy(factor.matrix) },
                                loweredLayer: letter == "A" ? place.module : nil
                            )
                        )
                    }
                } else if plan.method.trains(place, layerCount: layerCount, embeddings: plan.trainsEmbeddings) {
                    requests.append(
                        dense(
                            place,
                            tensor,
                            anchor: anchor,
                            stage: stage,
                            depth: depth,
                            vocabulary: plan.vocabulary
                        )
                    )
                }
            }
            return requests
        }

        private static func dense(
            _ place: ParameterPlace,
            _ tensor: Tensor,
            anchor: Tensor,
            stage: Int,
            depth: Int,
            vocabulary: Set<Int32>
        ) -> Request {
            let isWords = place.name == "embeddings.word_embeddings.weight"
            let touched = isWords ? TouchedRows(ids: vocabulary) : nil
            return Request(
                name: place.name,
                shape: place.shape,
                rows: touched?.ids.count ?? tensor.rows,
                columns: tensor.columns,
                decays: place.kind.decays,
                anchor: .base(anchor.matrix),
                stage: stage,
                depth: depth,
                touched: touched,
                fill: { value in
                    guard let touched else { return value.copy(tensor.matrix) }
                    for (slot, id) in touched.ids.enumerated() {
                        value.rows(slot..<slot + 1).copy(tensor.matrix.rows(Int(id)..<Int(id) + 1))
                    }
                }
            )
        }
    }
}
