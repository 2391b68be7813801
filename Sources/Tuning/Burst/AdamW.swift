package import Tensors
package import Transformer

/// What AdamW goes by, apart from the learning rate.
package struct AdamWSettings: Sendable, Equatable, Codable {
    package var beta1 = 0.9
    package var beta2 = 0.999
    package var epsilon: Float = 1e-8
    /// Decoupled weight decay, of matrices and tables alone: never of biases and norms.
    package var decay: Float = 0.01
    /// Decoupled pull towards the base weights (L2-SP, arXiv 1802.01483): of low-rank factors b is pulled to zero.
    package var pull: Float = 0
    /// The largest norm of all gradients together, to which longer ones are shortened; infinite for no limit.
    package var clip: Double = 1
    /// What a block's learning rate is multiplied by for every block between it and the top.
    package var layerDecay: Float = 1

    package init() {}
}

/// AdamW with bias correction over the tensors that a burst trains; its moments exist for those alone.
///
/// A table of which only some rows are trained is updated in the rows that the batch touches: the moments of the others
/// stand still, and they neither decay nor are pulled. Dense AdamW would let their moments fade, move them on by what
/// is left of them, and decay them at every step.
package final class AdamW {
    private let settings: AdamWSettings
    private let tensors: [TrainedTensor]
    private let moments: [(first: MatrixView, second: MatrixView)]
    private let workspace: Workspace
    private let kernels: VectorKernels
    /// Steps made.
    package private(set) var count = 0

    /// Takes memory for the moments of `tensors`, which must outlive the optimiser.
    package init(_ tensors: [TrainedTensor], settings: AdamWSettings, kernels: VectorKernels = .best) {
        let workspace = Workspace(
            capacity: tensors.reduce(0) {
                $0 + 2 * Workspace.footprint(rows: $1.value.rows, columns: $1.value.columns)
            }
        )
        moments = tensors.map { tensor in
            let rows = tensor.value.rows
            let columns = tensor.value.columns
            return (workspace.matrix(rows: rows, columns: columns), workspace.matrix(rows: rows, columns: columns))
        }
        self.workspace = workspace
        self.tensors = tensors
        self.settings = settings
        self.kernels = kernels
    }

    /// The Euclidean norm of all gradients together, in double precision and one order.
    package func gradientNorm() -> Double {
        var squares = 0.0
        for tensor in tensors {
            if let rows = tensor.rows {
                for row in rows.current { squares += kernels.sumOfSquares(tensor.gradient.rows(row..<row + 1)) }
            } else {
                squares += kernels.sumOfSquares(tensor.gradient)
            }
        }
        return squares.squareRoot()
    }

    /// Makes one step, and returns the gradients' norm before clipping.
    ///
    /// - Parameter headLearningRate: for the head's tensors, to which the decay over layers does not apply.
    /// - Throws: `BurstError` if a gradient is not finite; nothing has moved then.
    package func step(learningRate: Float, headLearningRate: Float) throws(BurstError) -> Double {
        let norm = gradientNorm()
        guard norm.isFinite else { throw .diverged("the gradient is not finite at step \(count + 1)") }
        count += 1
        let scale = norm > settings.clip ? Float(settings.clip / (norm + 1e-6)) : 1
        for (tensor, moments) in zip(tensors, moments) {
            var rate = headLearningRate
            if let depth = tensor.depth {
                rate = (0..<depth).reduce(learningRate) { rate, _ in rate * settings.layerDecay }
            }
            var pull = settings.pull
            if case .none = tensor.anchor { pull = 0 }
            let step = AdamWStep(
                step: count,
                learningRate: rate,
                beta1: settings.beta1,
                beta2: settings.beta2,
                epsilon: settings.epsilon,
                decay: tensor.decays ? settings.decay : 0,
                pull: pull,
                gradientScale: scale
            )
            apply(step, to: tensor, moments)
        }
        return norm
    }

    private func apply(
        _ step: AdamWStep,
        to tensor: TrainedTensor,
        _ moments: (first: MatrixView, second: MatrixView)
    ) {
        var anchor: ConstantMatrix?
        if case .base(let matrix) = tensor.anchor { anchor = matrix }
        guard let rows = tensor.rows else {
            step.apply(
                to: tensor.value,
                gradient: tensor.gradient,
                first: moments.first,
                second: moments.second,
                anchor: anchor,
                kernels: kernels
            )
            return
        }
        for row in rows.current {
            let range = row..<row + 1
            let id = Int(rows.ids[row])
            step.apply(
                to: tensor.value.rows(range),
                gradient: tensor.gradient.rows(range),
                first: moments.first.rows(range),
                second: moments.second.rows(range),
                anchor: anchor?.rows(id..<id + 1),
                kernels: kernels
            )
        }
    }
}
