import Foundation

/// Makes scores mean what they say.
package enum Calibration {
    /// The temperature that minimises the log-loss of `logits` [rows, classes], and that loss, summed.
    ///
    /// The loss is convex in the inverse temperature, which is searched for between 1/20 and 20 by golden section. A few
    /// rows must not drive it to an end, so the squared logarithm of its distance from `usual` is added.
    package static func temperature(
        _ logits: [Float], classes: Int, _ labels: [Int32], weights: [Float], usual: Float
    ) -> (temperature: Float, loss: Double) {
        let middle = -log(Double(usual))
        let ratio = (5.0.squareRoot() - 1) / 2
        var low = log(1 / 20.0)
        var high = log(20.0)
        func value(_ x: Double) -> Double {
            4 * (x - middle) * (x - middle) + loss(logits, classes: classes, labels, weights: weights, inverse: exp(x))
        }
        var left = high - ratio * (high - low)
        var right = low + ratio * (high - low)
        var leftValue = value(left)
        var rightValue = value(right)
        while high - low > 1e-3 {
            if leftValue < rightValue {
                (high, right, rightValue) = (right, left, leftValue)
                left = high - ratio * (high - low)
                leftValue = value(left)
            } else {
                (low, left, leftValue) = (left, right, rightValue)
                right = low + ratio * (high - low)
                rightValue = value(right)
            }
        }
        let best = (low + high) / 2
        return (Float(exp(-best)), value(best))
    }

    /// What suits where there is too little to measure it on.
    ///
    /// A penalised fit of few examples is the less sure of itself the more classes share what there is. Found on the
    /// training texts of banking77 and of movie reviews with 1 and 2 examples a class.
    package static func usualTemperature(classes: Int) -> Float {
        1 / (1 + 0.35 * log(Float(max(classes, 1))))
    }

    /// Σ weight · log-loss of softmax(logits · inverse).
    static func loss(
        _ logits: [Float], classes: Int, _ labels: [Int32], weights: [Float], inverse: Double
    ) -> Double {
        logits.withUnsafeBufferPointer { logits in
            var total = 0.0
            for (row, label) in labels.enumerated() {
                let start = row * classes
                var top = -Float.infinity
                for index in start..<start + classes { top = max(top, logits[index]) }
                var sum: Float = 0
                for index in start..<start + classes { sum += expf((logits[index] - top) * Float(inverse)) }
                let own = Double(top - logits[start + Int(label)]) * inverse
                total += Double(weights[row]) * (log(Double(sum)) + own)
            }
            return total
        }
    }
}
