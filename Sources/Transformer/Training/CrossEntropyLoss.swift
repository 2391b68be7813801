import Glibc
package import Tensors

/// The mean of −log p(label) over a batch, each example counting by its weight.
package enum CrossEntropyLoss {
    /// The loss; replaces `logits` [examples, labels] by their gradient.
    ///
    /// The weights are relative: the sum of weight · loss is divided by the sum of the weights, which must be positive.
    package static func evaluate(_ logits: MatrixView, labels: [Int32], weights: [Float]) -> Double {
        precondition(logits.rows == labels.count && labels.count == weights.count, "one label and weight a row")
        let total = weights.reduce(0) { $0 + Double($1) }
        precondition(total > 0, "the weights of a batch are positive")
        var powers = [Double](repeating: 0, count: logits.columns)
        var loss = 0.0
        for row in 0..<logits.rows {
            let label = Int(labels[row])
            let share = Double(weights[row]) / total
            var top = -Float.infinity
            for column in 0..<logits.columns { top = max(top, logits[row, column]) }
            var sum = 0.0
            for column in 0..<logits.columns {
                powers[column] = exp(Double(logits[row, column]) - Double(top))
                sum += powers[column]
            }
            loss += share * (log(sum) + Double(top) - Double(logits[row, label]))
            for column in 0..<logits.columns {
                let target = column == label ? 1.0 : 0
                logits[row, column] = Float(share * (powers[column] / sum - target))
            }
        }
        return loss
    }
}
