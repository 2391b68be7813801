import Tensors
package import Transformer

/// The coordinates that a head is fitted in: those in which the features are centred and of length 1 in the mean.
///
/// A vector of parameters is [classes, featureCount + 1]: a class's weights for the scaled features, then its bias at
/// their centre. Where features have much in common, as many models' have, this is what makes a fit converge. It does not
/// change what is minimal, because the penalty is on the weights and on the bias proper.
package struct HeadSpace {
    let labels: [String]
    let featureCount: Int
    /// Divides the features.
    let scale: Float
    /// [featureCount], of the features once scaled.
    let center: [Float]

    package init(labels: [String], featureCount: Int, scale: Float, center: [Float]) {
        self.labels = labels
        self.featureCount = featureCount
        self.scale = scale
        self.center = center
    }

    var classes: Int { labels.count }
    /// Parameters of a class.
    var width: Int { featureCount + 1 }

    /// The parameters of `head` for these labels; zero weights and bias for those that it does not have.
    package func point(of head: ClassificationHead?) -> [Float] {
        var point = [Float](repeating: 0, count: classes * width)
        guard let head, head.featureCount == featureCount else { return point }
        let rows = Dictionary(head.labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (row, label) in labels.enumerated() {
            guard let source = rows[label] else { continue }
            let weights = head.weight[source * featureCount..<(source + 1) * featureCount]
            point.replaceSubrange(row * width..<row * width + featureCount, with: weights.map { $0 * scale })
            point[row * width + featureCount] = head.bias[source]
        }
        for (row, shift) in shifts(at: point).enumerated() { point[row * width + featureCount] += shift }
        return point
    }

    /// The head with the parameters `point`.
    func head(at point: [Float], temperature: Float) -> ClassificationHead {
        var weight: [Float] = []
        weight.reserveCapacity(classes * featureCount)
        for row in 0..<classes { weight += point[row * width..<row * width + featureCount].map { $0 / scale } }
        return ClassificationHead(
            labels: labels,
            featureCount: featureCount,
            weight: weight,
            bias: biases(at: point),
            temperature: temperature
        )
    }

    /// The biases proper, for features that are not centred.
    func biases(at point: [Float]) -> [Float] {
        var biases = shifts(at: point)
        for row in 0..<classes { biases[row] = point[row * width + featureCount] - biases[row] }
        return biases
    }

    /// Each class's weights times the centre.
    private func shifts(at point: [Float]) -> [Float] {
        var shifts = [Float](repeating: 0, count: classes)
        MatrixView.with(&shifts, columns: 1) { shifts in
            withWeights(point) { weights in
                ConstantMatrix.with(center, columns: 1) { center in
                    LinearAlgebra.multiply(weights, center, into: shifts)
                }
            }
        }
        return shifts
    }

    /// The logits of rows of features; [rows, classes].
    func logits(_ features: [Float], at point: [Float]) -> [Float] {
        let rows = features.count / featureCount
        if rows == 0 { return [] }
        var result = [Float](repeating: 0, count: rows * classes)
        let biases = biases(at: point)
        MatrixView.with(&result, columns: classes) { result in
            for row in 0..<rows { result.setRow(row, to: biases) }
            ConstantMatrix.with(features, columns: featureCount) { features in
                withWeights(point) { weights in
                    LinearAlgebra.multiply(
                        features,
                        weights,
                        transposeB: true,
                        alpha: 1 / scale,
                        beta: 1,
                        into: result
                    )
                }
            }
        }
        return result
    }

    /// Calls `body` with the weights [classes, featureCount] of `point`.
    func withWeights<R>(_ point: [Float], _ body: (ConstantMatrix) -> R) -> R {
        ConstantMatrix.with(point, columns: width) { body($0.columns(0..<featureCount)) }
    }
}
