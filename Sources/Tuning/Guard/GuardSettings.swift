/// By what the guard judges.
package struct GuardSettings: Codable, Equatable, Sendable {
    /// By how much, in nats, the mean log-loss may be worse; a candidate must stay below it at `confidence`.
    ///
    /// Judged by fewer than `enough` it may be twice as much: else chance would refuse most of what is good.
    package var margin = 0.05
    package var enough = 100
    /// The one-sided confidence of every comparison.
    package var confidence = 0.84
    /// Held-back corrections below which nothing can be said, so that nothing passes.
    package var fewest = 24
    /// The share of even odds that is mixed into every answer, so that a single one that was sure and wrong does not
    /// outweigh all others.
    package var smoothing = 0.05
    /// Held-back corrections from which on a class or a slice is judged apart.
    package var fewestOfGroup = 30

    package init() {}

    /// The margin for so many held-back corrections.
    package func margin(examples: Int) -> Double { examples < enough ? 2 * margin : margin }
}

/// What the guard found when it compared a candidate's body with the one that serves.
package struct GuardReport: Codable, Equatable, Sendable {
    /// One body's answers on what was held back.
    package struct Side: Codable, Equatable, Sendable {
        package let accuracy: Double
        package let logLoss: Double
    }

    /// A class or a slice that was judged apart.
    package struct Group: Codable, Equatable, Sendable {
        /// "label" or "slice".
        package let kind: String
        package let name: String
        package let examples: Int
        /// By how much the mean log-loss changed; negative is better.
        package let change: Double
        /// The bound that the change stays above at the corrected confidence.
        package let lowerBound: Double
    }

    package let isAccepted: Bool
    /// Why not, in words.
    package let reason: String?
    /// How many corrections judged.
    package let examples: Int
    /// By how much the mean log-loss changed; negative is better.
    package let change: Double?
    /// The bound that the change stays below at the confidence.
    package let upperBound: Double?
    package let serving: Side?
    package let candidate: Side?
    package let groups: [Group]
    package let settings: GuardSettings
}
