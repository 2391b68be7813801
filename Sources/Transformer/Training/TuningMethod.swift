/// What a burst may change below the head.
package enum TuningMethod: Sendable, Equatable {
    /// Nothing: the head alone learns.
    case head
    /// The biases of linear layers and of norms (BitFit).
    case bias
    /// A low-rank addition to linear layers (LoRA).
    case lora(LowRankPlan)
    /// All of the last blocks, so many of them, and the pooler.
    case topLayers(Int)
    /// All blocks and the pooler.
    case full

    /// Whether the tensor at `place` is trained.
    ///
    /// Embeddings, their norm included, are trained only where `embeddings` asks for them, and then by `full` and, the
    /// norm's bias alone, by `bias`. The bias of the keys is never trained: it adds the same to all of a query's
    /// scores, which softmax does not see, so its gradient is zero and Adam would make steps out of rounding errors.
    package func trains(_ place: ParameterPlace, layerCount: Int, embeddings: Bool) -> Bool {
        if place.name.hasSuffix(".attention.self.key.bias") { return false }
        if place.part == .embeddings && !embeddings { return false }
        switch self {
        case .head, .lora: return false
        case .bias: return place.kind == .bias || place.kind == .normBias
        case .full: return true
        case .topLayers(let count):
            switch place.part {
            case .embeddings: return false
            case .block(let index): return index >= layerCount - count
            case .pooler: return true
            }
        }
    }
}

/// The size of a low-rank addition and the layers that get one.
package struct LowRankPlan: Sendable, Equatable {
    package var rank: Int
    /// The addition is multiplied by alpha / rank.
    package var alpha: Float
    /// Names, or ends of names at a dot, of the linear layers, as PEFT's `target_modules`.
    package var targets: [String]

    /// All linear layers of the blocks: what PEFT's "all-linear" covers, but for the pooler's.
    ///
    /// It is there in models alone that were trained with a classifier on it, and one layer right below the head: what it
    /// could learn the head learns as well. Who wants it names it.
    package static let allLinear = [
        "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
        "intermediate.dense", "output.dense",
    ]

    /// All linear layers that there are, by the end of their names: "output.dense" is the attention's, too.
    package static let layers = allLinear + ["pooler.dense"]

    /// A plan for layers whose names end in one of `targets`.
    package init(rank: Int = 8, alpha: Float = 16, targets: [String] = allLinear) {
        precondition(rank > 0, "a rank is positive")
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
    }

    /// alpha / rank.
    package var scale: Float { alpha / Float(rank) }

    /// Whether the linear layer `name` (without `.weight`) gets an addition.
    package func covers(_ name: String) -> Bool {
        targets.contains { name == $0 || name.hasSuffix("." + $0) }
    }
}
