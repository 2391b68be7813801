import Glibc
package import Tensors

/// The supervised contrastive loss of a batch (arXiv 2004.11362, the sum outside of the logarithm).
///
/// For an example i that has others of its label, P(i): the mean over p in P(i) of −log(exp(zᵢ·zₚ/τ) / Σ exp(zᵢ·zₐ/τ)),
/// the sum going over all a ≠ i; then the mean over those i, each counting by its weight. z are the features divided by
/// their lengths. A batch without two examples of one label has the loss 0.
package final class ContrastiveLoss {
    private let temperature: Double
    private let normalized: MatrixView
    private let normalizedGradient: MatrixView
    private let similarities: MatrixView
    private let workspace: Workspace

    /// Takes memory for batches of at most `sequences` examples.
    package init(temperature: Float, sequences: Int, featureCount: Int) {
        precondition(temperature > 0, "a temperature is positive")
        self.temperature = Double(temperature)
        workspace = Workspace(
            capacity: 2 * Workspace.footprint(rows: sequences, columns: featureCount)
                + Workspace.footprint(rows: sequences, columns: sequences)
        )
        normalized = workspace.matrix(rows: sequences, columns: featureCount)
        normalizedGradient = workspace.matrix(rows: sequences, columns: featureCount)
        similarities = workspace.matrix(rows: 1, columns: sequences * sequences)
    }

    /// The loss for `features` [examples, featureCount]; adds `scale` times its gradient to `gradient`.
    package func evaluate(
        _ features: MatrixView,
        labels: [Int32],
        weights: [Float],
        scale: Float,
        addingTo gradient: MatrixView,
        kernels: VectorKernels
    ) -> Double {
        let count = features.rows
        precondition(labels.count == count && weights.count == count, "one label and weight a row")
        let z = normalized.rows(0..<count)
        z.copy(features.constant)
        kernels.normalize(rowsOf: z)
        let products = similarities.reshaped(rows: count, columns: count)
        LinearAlgebra.multiplyTiled(z.constant, z.constant, transposeB: true, into: products)

        var positives = [Int](repeating: 0, count: count)
        var total = 0.0
        for row in 0..<count {
            positives[row] = labels.count { $0 == labels[row] } - 1
            if positives[row] > 0 { total += Double(weights[row]) }
        }
        guard total > 0 else { return 0 }
        var loss = 0.0
        for row in 0..<count {
            let share = positives[row] > 0 ? Double(weights[row]) / total : 0
            loss += share * anchorLoss(products, row: row, labels: labels, positives: positives[row], share: share)
        }
        // Products now hold the derivative by zᵢ·zⱼ seen from i alone; both i and j move.
        let dz = normalizedGradient.rows(0..<count)
        LinearAlgebra.multiplyTiled(products.constant, z.constant, into: dz)
        LinearAlgebra.multiplyTiled(products.constant, transposeA: true, z.constant, beta: 1, into: dz)
        for row in 0..<count {
            FeatureNormalization.backward(dz, row: row, input: features, output: z)
            for column in 0..<features.columns {
                gradient[row, column] += scale * dz[row, column]
            }
        }
        return loss
    }

    /// The loss of one anchor; replaces its row of products by `share` times the derivatives.
    private func anchorLoss(
        _ products: MatrixView,
        row: Int,
        labels: [Int32],
        positives: Int,
        share: Double
    ) -> Double {
        let count = products.columns
        guard positives > 0 else {
            for column in 0..<count { products[row, column] = 0 }
            return 0
        }
        var top = -Double.infinity
        for column in 0..<count where column != row { top = max(top, Double(products[row, column]) / temperature) }
        var sum = 0.0
        for column in 0..<count where column != row { sum += exp(Double(products[row, column]) / temperature - top) }
        let logSum = log(sum) + top
        var loss = 0.0
        for column in 0..<count {
            guard column != row else {
                products[row, column] = 0
                continue
            }
            let logit = Double(products[row, column]) / temperature
            var slope = exp(logit - logSum)
            if labels[column] == labels[row] {
                loss += (logSum - logit) / Double(positives)
                slope -= 1 / Double(positives)
            }
            products[row, column] = Float(share * slope / temperature)
        }
        return loss
    }
}
