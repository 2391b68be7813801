package import Transformer
package import Tuning

/// When the body is tuned, and how: what the configuration says.
package struct BurstPolicy: Sendable, Equatable {
    /// Whether bursts start by themselves; an administrator can start one in any case.
    package var isEnabled = true
    package var method = TuningMethod.lora(LowRankPlan())
    /// What an administrator's burst by LoRA goes by where `method` is another one.
    package var lowRank = LowRankPlan()
    /// Layers of an administrator's burst by top-layers where `method` is another one.
    package var topLayers = 2
    /// How many low-rank additions a burst trains that begins anew, to take the mean of.
    package var members = 2
    package var training = TrainingOptions()
    /// Corrections that the body has not learnt and may learn from, from which on a burst is worth it.
    package var startAfter = 48
    /// How long corrections may wait for the body while others keep coming.
    package var longestWait: Duration = .seconds(300)
    /// How long a burst's steps may take at most, by an estimate made when it starts.
    package var longestBurst: Duration = .seconds(300)
    /// Of so many corrections one is held back from the body, to judge it by.
    package var holdoutShare = 10
    /// Earlier corrections at most that a burst mixes in; 0 for none.
    package var replayLimit = 2048
    package var judging = GuardSettings()
    package var crossCheck = CrossCheck.Settings()

    package init() {}

    /// The method of this name with the configured numbers.
    package func method(_ name: TuningMethod.Name) -> TuningMethod {
        if name == method.name { return method }
        return switch name {
        case .head: .head
        case .bias: .bias
        case .lora: .lora(lowRank)
        case .topLayers: .topLayers(topLayers)
        case .full: .full
        }
    }

    /// New corrections that one burst takes in at most; the rest wait for the next.
    let mostAtOnce = 4096

    /// What a burst should begin from, when the body is to learn from so many corrections in all.
    ///
    /// Going on from an adapter lets it drift. Beginning anew is better, and is all the replay there can be, but takes
    /// time with all corrections, not with the new ones.
    package func purpose(trainable: Int) -> BurstJob.Purpose {
        replayLimit > 0 && trainable <= mostAtOnce ? .consolidate : .tune
    }

    /// How many new corrections a burst waits for when the body has learnt `learnt`.
    ///
    /// A burst makes all features be computed anew, and one that begins anew trains on all, so that a larger journal
    /// asks for larger bursts.
    package func threshold(learnt: Int, _ purpose: BurstJob.Purpose) -> Int {
        max(startAfter, learnt / (purpose == .tune ? 10 : 4))
    }
}
