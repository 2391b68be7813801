package import Tensors

/// A classification head in training: logits = scale · features · weightᵀ + bias.
///
/// Training sees the features times `featureScale`, and so a weight that is smaller by it: learning rates stay of one
/// order of magnitude for normalised features. The finished head has the scale in its weights.
package final class TrainableHead {
    package let labels: [String]
    package let featureScale: Float
    /// Weight [labels, features] and bias [labels]; empty if the head is frozen.
    package let trained: [TrainedTensor]
    private let temperature: Float
    private let weight: MatrixView
    private let bias: MatrixView
    private let weightGradient: MatrixView
    private let biasGradient: MatrixView
    private let logits: MatrixView
    private let workspace: Workspace

    /// Copies `head`, for batches of at most `sequences` examples.
    package init(_ head: ClassificationHead, featureScale: Float, sequences: Int, isTrained: Bool) {
        precondition(featureScale > 0, "a scale is positive")
        let count = head.labels.count
        let size = head.featureCount
        workspace = Workspace(
            capacity: 2 * Workspace.footprint(rows: count, columns: size)
                + 2 * Workspace.footprint(rows: 1, columns: count)
                + Workspace.footprint(rows: sequences, columns: count)
        )
        labels = head.labels
        temperature = head.temperature
        self.featureScale = featureScale
        weight = workspace.matrix(rows: count, columns: size)
        weightGradient = workspace.matrix(rows: count, columns: size)
        bias = workspace.matrix(rows: 1, columns: count)
        biasGradient = workspace.matrix(rows: 1, columns: count)
        logits = workspace.matrix(rows: sequences, columns: count)
        for row in 0..<count {
            weight.setRow(row, to: head.weight[row * size..<(row + 1) * size].map { $0 / featureScale })
        }
        bias.setRow(0, to: head.bias)
        trained =
            isTrained
            ? [
                TrainedTensor(
                    name: "classifier.weight",
                    shape: [count, size],
                    value: weight,
                    gradient: weightGradient,
                    decays: true,
                    anchor: .none,
                    depth: nil,
                    rows: nil
                ),
                TrainedTensor(
                    name: "classifier.bias",
                    shape: [count],
                    value: bias,
                    gradient: biasGradient,
                    decays: false,
                    anchor: .none,
                    depth: nil,
                    rows: nil
                ),
            ] : []
    }

    /// The logits of `features` [examples, features], [examples, labels], valid until the next forward.
    package func forward(_ features: MatrixView, kernels: VectorKernels) -> MatrixView {
        let logits = logits.rows(0..<features.rows)
        LinearAlgebra.multiplyTiled(
            features.constant,
            weight.constant,
            transposeB: true,
            alpha: featureScale,
            into: logits
        )
        kernels.applyBias(bias.constant, to: logits)
        return logits
    }

    /// Writes the gradients of the parameters and of the features, given that of the logits.
    package func backward(
        _ gradient: MatrixView,
        features: MatrixView,
        into featureGradient: MatrixView,
        kernels: VectorKernels
    ) {
        if !trained.isEmpty {
            LinearAlgebra.multiplyTiled(
                gradient.constant,
                transposeA: true,
                features.constant,
                alpha: featureScale,
                into: weightGradient
            )
            kernels.sum(rowsOf: gradient, into: biasGradient)
        }
        LinearAlgebra.multiplyTiled(gradient.constant, weight.constant, alpha: featureScale, into: featureGradient)
    }

    /// The head as it is now.
    package var head: ClassificationHead {
        ClassificationHead(
            labels: labels,
            featureCount: weight.columns,
            weight: weight.values.map { $0 * featureScale },
            bias: bias.values,
            temperature: temperature
        )
    }
}
