import Glibc
import Tensors

/// Turns pooled features into class scores: softmax((weight · scaled features + bias) / temperature).
///
/// An immutable value; a refit makes a new one. Rows follow `labels`.
package struct ClassificationHead: Sendable, Equatable {
    package let labels: [String]
    package let featureCount: Int
    /// [labels, featureCount], row-major.
    package let weight: [Float]
    /// [labels].
    package let bias: [Float]
    /// Divides the logits, so that scores are probabilities one can rely on; positive.
    package let temperature: Float

    /// Makes a head of these parts, whose sizes must agree.
    package init(labels: [String], featureCount: Int, weight: [Float], bias: [Float], temperature: Float = 1) {
        precondition(weight.count == labels.count * featureCount && bias.count == labels.count, "sizes must agree")
        precondition(temperature > 0, "a temperature is positive")
        self.labels = labels
        self.featureCount = featureCount
        self.weight = weight
        self.bias = bias
        self.temperature = temperature
    }

    /// The logits of one text's pooled features [featureCount], before the temperature; [labels].
    package func logits(_ features: Span<Float>) -> [Float] {
        precondition(features.count == featureCount, "features do not fit the head")
        return VectorKernels.best.apply(weight, bias: bias, to: features)
    }

    /// The probability of each label for one text's pooled features; [labels], adding up to 1.
    package func probabilities(_ features: Span<Float>) -> [Float] {
        Self.softmax(logits(features), temperature: temperature)
    }

    /// exp(x / temperature) over its sum.
    package static func softmax(_ logits: [Float], temperature: Float = 1) -> [Float] {
        guard let top = logits.max() else { return [] }
        let powers = logits.map { (x: Float) -> Double in exp(Double(x - top) / Double(temperature)) }
        let total = powers.reduce(0, +)
        return powers.map { Float($0 / total) }
    }
}
