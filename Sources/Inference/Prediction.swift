/// The answer to one input.
package struct Prediction: Sendable, Equatable {
    /// A label and its probability.
    package struct Score: Sendable, Equatable {
        package let label: String
        package let score: Float

        package init(label: String, score: Float) {
            self.label = label
            self.score = score
        }
    }

    /// Highest first; equal ones by label.
    package let scores: [Score]
    /// Whether the input was cut to the model's length.
    package let truncated: Bool
}

/// The features of one input.
package struct EmbeddedText: Sendable, Equatable {
    /// [featureCount].
    package let features: [Float]
    /// Whether the input was cut to the model's length.
    package let truncated: Bool
}
