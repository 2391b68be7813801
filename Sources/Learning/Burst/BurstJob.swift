package import Storage
import Transformer
import Tuning

/// What a burst is to be made from.
package struct BurstJob: Sendable {
    /// Why a burst is made.
    package enum Purpose: String, Sendable, Codable {
        /// To go on from the body that serves, with what is new and some of what it has learnt.
        case tune
        /// To begin from the base model, with all there is: better than going on, as long as there is not too much.
        case consolidate
        /// To make from the base model what never saw the corrections that were taken back.
        case rebuild

        /// Whether it begins from the base model.
        var isFromBase: Bool { self != .tune }
    }

    let id: Int
    let purpose: Purpose
    let method: TuningMethod
    /// Nil for one that the corrections' content gives.
    let seed: UInt64?
    let caution: Float
    /// The revision whose body it starts from.
    let parent: LoadedRevision
    /// The parent's body's features, labels and settings as of the corrections below.
    let examples: HeadExamples
    let labels: [String]
    /// All corrections of the journal, each as it is now, in the order of their changes.
    let changes: [Correction]
    let policy: BurstPolicy
}

/// The corrections of a burst, divided up by content alone.
package struct BurstSets {
    /// What the body has not learnt yet, in content order.
    package let new: [Correction]
    /// What it has, class by class as even as can be; in content order.
    package let replay: [Correction]
    /// What it never learns, in content order.
    package let holdout: [Correction]

    /// Divides `corrections` for a body that has learnt those in `learnt`.
    package init(_ corrections: [Correction], learnt: SequenceSet, policy: BurstPolicy) {
        let ordered = corrections.sorted { ($0.digest, $0.sequence) < ($1.digest, $1.sequence) }
        var new: [Correction] = []
        var known: [Correction] = []
        var holdout: [Correction] = []
        for correction in ordered {
            // What the body has learnt stays learnt, even if the share was another then.
            if learnt.contains(correction.sequence) {
                known.append(correction)
            } else if correction.isHeldBack(oneIn: policy.holdoutShare) {
                holdout.append(correction)
            } else {
                new.append(correction)
            }
        }
        if new.isEmpty {
            // Nothing new: a burst that was asked for all the same goes over what there is.
            self.new = Self.balanced(known, limit: policy.mostAtOnce)
            replay = []
        } else {
            self.new = Self.balanced(new, limit: policy.mostAtOnce)
            replay = Self.balanced(known, limit: policy.replayLimit)
        }
        self.holdout = holdout
    }

    /// At most `limit` of `corrections`, the same number of each label as far as there are so many, in their order.
    package static func balanced(_ corrections: [Correction], limit: Int) -> [Correction] {
        guard corrections.count > limit else { return corrections }
        var turns: [String: Int] = [:]
        // A label's first correction comes before any label's second, and so on; ties go by content.
        let turn = corrections.map { correction in
            turns[correction.content.label, default: 0] += 1
            return turns[correction.content.label] ?? 0
        }
        let chosen = corrections.indices.sorted { (turn[$0], $0) < (turn[$1], $1) }.prefix(limit)
        return chosen.sorted().map { corrections[$0] }
    }
}

extension Correction {
    /// Whether the body never learns from it; what it is an answer to decides, so that relabelling changes nothing.
    package func isHeldBack(oneIn share: Int) -> Bool {
        inputDigest.words.d % UInt64(max(share, 1)) == 0
    }
}

/// What a manifest says of a burst, enough to run it again.
struct BurstManifest: Codable, Sendable {
    let purpose: BurstJob.Purpose
    /// The revision that brought the body it started from; 0 is the base model.
    let from: Int
    let recipe: BurstRecipe
    /// What the first head was fitted with.
    let settings: HeadSettings
    let new: SequenceSet
    let replay: SequenceSet
    let end: Burst.End
}
