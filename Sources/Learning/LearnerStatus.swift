/// What the learner is doing, for status and metrics.
package struct LearnerStatus: Sendable {
    /// Whether corrections wait to be learnt or a better head is being fitted.
    package var isBusy = false
    /// The labels of all live corrections, of the configuration and of the model's own head.
    package var labels: Set<String> = []
    /// Heads fitted and published since the start.
    package var refits = 0
    /// From the first look at the journal to the adoption of the revision, the last time.
    package var lastRefitSeconds = 0.0
    /// Why the last attempt failed; nil after one that did not.
    package var lastError: String?
}
