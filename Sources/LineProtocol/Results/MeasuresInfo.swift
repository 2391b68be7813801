/// How well learning goes, measured on what was not learnt yet or is never learnt by the body.
public struct MeasuresInfo: Sendable, Hashable, Codable {
    /// Corrections scored by what was answered before they were learnt.
    public struct Prequential: Sendable, Hashable, Codable {
        /// How many were scored.
        public let count: Int
        /// The share that was answered rightly.
        public let accuracy: Double
        /// The same lately: each correction counts 2 % less than the next.
        public let recent: Double

        package init(count: Int, accuracy: Double, recent: Double) {
            self.count = count
            self.accuracy = accuracy
            self.recent = recent
        }
    }

    /// Nil before the first correction.
    public let prequential: Prequential?
    /// The share of the holdout that the body answers rightly, with heads that have not seen it; nil if there is none.
    public let holdoutAccuracy: Double?
    /// How many corrections that is.
    public let holdout: Int
    /// The mean change of accuracy on what earlier bursts learnt since they learnt it; nil before the second burst.
    public let backwardTransfer: Double?
    /// The mean of how far that accuracy is below the best so far; nil before the second burst.
    public let forgetting: Double?

    package init(
        prequential: Prequential?,
        holdoutAccuracy: Double?,
        holdout: Int,
        backwardTransfer: Double?,
        forgetting: Double?
    ) {
        self.prequential = prequential
        self.holdoutAccuracy = holdoutAccuracy
        self.holdout = holdout
        self.backwardTransfer = backwardTransfer
        self.forgetting = forgetting
    }
}
