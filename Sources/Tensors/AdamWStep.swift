import CKernels

/// One step of AdamW for the elements of a tensor, with a decoupled pull towards an anchor.
///
/// m and v are the moments, t the step: w −= learningRate · (m̂ / (√v̂ + epsilon) + decay · w + pull · (w − anchor)).
package struct AdamWStep: Sendable {
    package var learningRate: Float
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Float
    package var decay: Float
    package var pull: Float
    /// Multiplies the gradient first: the clipping factor.
    package var gradientScale: Float
    private let firstCorrection: Float
    private let secondCorrection: Float

    /// The step number `step`, counted from 1, which corrects the moments' bias.
    package init(
        step: Int,
        learningRate: Float,
        beta1: Double,
        beta2: Double,
        epsilon: Float,
        decay: Float,
        pull: Float,
        gradientScale: Float
    ) {
        precondition(step > 0, "steps count from one")
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decay = decay
        self.pull = pull
        self.gradientScale = gradientScale
        firstCorrection = Float(1 / (1 - Self.power(beta1, step)))
        secondCorrection = Float(1 / (1 - Self.power(beta2, step)))
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }

    /// Updates `value` and its moments by `gradient`; all have one shape and no gaps, `anchor` nil stands for zeros.
    package func apply(
        to value: MatrixView,
        gradient: MatrixView,
        first: MatrixView,
        second: MatrixView,
        anchor: ConstantMatrix?,
        kernels: VectorKernels
    ) {
        for view in [value, gradient, first, second] {
            precondition(view.rows == value.rows && view.columns == value.columns && view.stride == view.columns)
        }
        if let anchor {
            precondition(anchor.rows == value.rows && anchor.columns == value.columns && anchor.stride == value.stride)
        }
        var settings = ck_adamw(
            learning_rate: learningRate,
            beta1: Float(beta1),
            beta2: Float(beta2),
            epsilon: epsilon,
            rest1: Float(1 - beta1),
            rest2: Float(1 - beta2),
            first_correction: firstCorrection,
            second_correction: secondCorrection,
            decay: decay,
            pull: pull,
            gradient_scale: gradientScale
        )
        unsafe kernels.table.pointee.adamw(
            value.base,
            gradient.base,
            first.base,
            second.base,
            anchor?.base,
            value.rows * value.columns,
            &settings
        )
    }
}
