/// What the learner is told by the configuration.
package struct LearningOptions: Sendable {
    /// Labels that can be answered before any correction names them.
    package var labels: [String] = []
    /// Whether corrections are learnt; they are journalled in any case.
    package var isEnabled = true
    /// Rest after the last correction before a thorough refit.
    package var idle: Duration = .seconds(1)
    /// When and how the body is tuned.
    package var bursts = BurstPolicy()

    /// The file that is there while a burst runs; nil for none.
    package var burstMark: String?

    package init() {}
}
