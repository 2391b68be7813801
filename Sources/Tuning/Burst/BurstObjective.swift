package import Tensors
package import Transformer

/// What a burst minimises, over a body and a head: cross-entropy, mixed with a contrastive term.
package final class BurstObjective {
    package let body: TrainableBody
    package let head: TrainableHead
    private let contrastive: ContrastiveLoss?
    private let share: Float
    private let featureGradient: MatrixView
    private let workspace: Workspace
    /// Made for the first batch of several parts.
    private lazy var sum = GradientSum(trained)

    /// The loss (1 − share) · cross-entropy + share · contrastive.
    package init(_ body: TrainableBody, _ head: TrainableHead, contrastiveShare share: Float, temperature: Float) {
        let sequences = body.limits.sequences
        let size = body.plan.configuration.hiddenSize
        self.body = body
        self.head = head
        self.share = share
        contrastive =
            share > 0 ? ContrastiveLoss(temperature: temperature, sequences: sequences, featureCount: size) : nil
        workspace = Workspace(capacity: Workspace.footprint(rows: sequences, columns: size))
        featureGradient = workspace.matrix(rows: sequences, columns: size)
    }

    /// Everything that is trained: the body's tensors, then the head's.
    package var trained: [TrainedTensor] { body.trained + head.trained }

    /// The loss of a batch that comes in parts; leaves the gradients in the trained tensors.
    ///
    /// Cross-entropy is that of the batch; the contrastive term sees each part by itself.
    package func evaluate(_ parts: [BatchSampler.Drawn]) -> Double {
        if parts.count == 1 { return evaluate(parts[0].batch, labels: parts[0].labels, weights: parts[0].weights) }
        let total = parts.reduce(0) { $0 + $1.weights.reduce(0, +) }
        var loss = 0.0
        for part in parts {
            let share = part.weights.reduce(0, +) / total
            loss += Double(share) * evaluate(part.batch, labels: part.labels, weights: part.weights)
            sum.add(share: share)
        }
        sum.take(ids: parts.flatMap(\.batch.ids))
        return loss
    }

    /// The loss of a batch; leaves the gradients in the trained tensors.
    package func evaluate(_ batch: TokenBatch, labels: [Int32], weights: [Float]) -> Double {
        let kernels = body.kernels
        let features = body.forward(batch)
        let gradient = featureGradient.rows(0..<features.rows)
        let logits = head.forward(features, kernels: kernels)
        var loss = Double(1 - share) * CrossEntropyLoss.evaluate(logits, labels: labels, weights: weights)
        if share > 0 { scale(logits, by: 1 - share) }
        head.backward(logits, features: features, into: gradient, kernels: kernels)
        if let contrastive {
            loss +=
                Double(share)
                * contrastive.evaluate(
                    features,
                    labels: labels,
                    weights: weights,
                    scale: share,
                    addingTo: gradient,
                    kernels: kernels
                )
        }
        body.backward(gradient)
        return loss
    }

    /// The logits of a batch, [sequences, labels], valid until the next call.
    package func logits(_ batch: TokenBatch) -> MatrixView {
        head.forward(body.forward(batch), kernels: body.kernels)
    }

    private func scale(_ matrix: MatrixView, by factor: Float) {
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns { matrix[row, column] *= factor }
        }
    }
}
