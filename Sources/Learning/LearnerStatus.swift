import Storage

/// What the learner is doing, for status and metrics.
package struct LearnerStatus: Sendable {
    /// A user whose corrections are held back.
    package struct Quarantine: Sendable, Equatable {
        package let user: UInt32
        package let corrections: Int
        package let reason: String
    }

    /// Whether corrections wait to be learnt, a better head is being fitted, or a burst runs or is due.
    package var isBusy = false
    /// The labels of all live corrections, of the configuration and of the model's own head.
    package var labels: Set<String> = []
    /// Heads fitted and published since the start.
    package var refits = 0
    /// Bursts that ended since the start, by what became of them.
    package var bursts: [BurstStatus.State: Int] = [:]
    /// From the first look at the journal to the adoption of the revision, the last time.
    package var lastRefitSeconds = 0.0
    /// Why the last attempt failed; nil after one that did not.
    package var lastError: String?
    /// How well learning goes.
    package var measures = Measures()
    /// Corrections that the body has learnt, and those that wait for it.
    package var learntByBody = 0
    package var waitingForBody = 0
    /// Why no burst begins though some wait; nil where none do, or one is about to begin.
    package var hindrance: String?
    /// The users whose corrections are held back.
    package var quarantine: [Quarantine] = []
}
