import Learning
import Tensors
import Transformer
import Tuning

extension Settings {
    /// What answers are computed with.
    var precision: WeightPrecision { WeightPrecision(rawValue: text("inference.precision") ?? "") ?? .bfloat16 }

    /// When and how the body is tuned.
    var bursts: BurstPolicy {
        var policy = BurstPolicy()
        policy.isEnabled = flag("tuning.enabled")
        policy.method =
            switch TuningMethod.Name(rawValue: text("tuning.method") ?? "") ?? .lora {
            case .head: .head
            case .bias: .bias
            case .lora:
                .lora(LowRankPlan(rank: integer("tuning.rank"), alpha: Float(number("tuning.alpha"))))
            case .topLayers: .topLayers(integer("tuning.topLayers"))
            case .full: .full
            }
        policy.members = integer("tuning.members")
        policy.startAfter = integer("tuning.startAfter")
        policy.longestWait = .seconds(number("tuning.longestWaitSeconds"))
        policy.longestBurst = .seconds(number("tuning.longestBurstSeconds"))
        policy.holdoutShare = integer("tuning.holdoutShare")
        policy.replayLimit = integer("tuning.replay")
        policy.judging.margin = number("tuning.guardMargin")
        policy.judging.confidence = number("tuning.guardConfidence")
        return policy
    }
}
