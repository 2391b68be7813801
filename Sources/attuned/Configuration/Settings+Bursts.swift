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
        policy.lowRank = LowRankPlan(
            rank: integer("tuning.rank"), alpha: Float(number("tuning.alpha")), targets: list("tuning.targets"))
        policy.topLayers = integer("tuning.topLayers")
        policy.method = .lora(policy.lowRank)
        policy.method = policy.method(TuningMethod.Name(rawValue: text("tuning.method") ?? "") ?? .lora)
        policy.members = integer("tuning.members")
        policy.training = training
        policy.startAfter = integer("tuning.startAfter")
        policy.longestWait = .seconds(number("tuning.longestWaitSeconds"))
        policy.longestBurst = .seconds(number("tuning.longestBurstSeconds"))
        policy.holdoutShare = integer("tuning.holdoutShare")
        policy.replayLimit = integer("tuning.replay")
        policy.judging.margin = number("tuning.guardMargin")
        policy.judging.confidence = number("tuning.guardConfidence")
        return policy
    }

    private var training: TrainingOptions {
        var options = TrainingOptions()
        options.shape = LearningRateSchedule.Shape(rawValue: text("tuning.schedule") ?? "") ?? .linear
        options.pull = Float(number("tuning.pull"))
        options.layerDecay = Float(number("tuning.layerDecay"))
        options.trainsEmbeddings = flag("tuning.trainEmbeddings")
        options.checkInterval = integer("tuning.checkInterval")
        return options
    }
}
