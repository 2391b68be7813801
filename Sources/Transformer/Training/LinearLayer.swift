import Tensors

/// A linear layer in training: y = x · weightᵀ, the bias being added by whoever reads y next.
///
/// Views into the memory of a `TrainableBody`; a gradient is there only where it is wanted.
struct LinearLayer {
    /// [outputSize, inputSize].
    let weight: ConstantMatrix
    /// [1, outputSize].
    let bias: ConstantMatrix
    let weightGradient: MatrixView?
    let biasGradient: MatrixView?
    /// Only where the weight is frozen.
    let addition: LowRankPath?
    /// The weight and its transpose, packed, where it is frozen.
    let packed: FrozenWeight?

    /// Writes x · weightᵀ, and the low-rank addition, into `y`.
    ///
    /// `x` is [rows, inputSize] and `y` is [rows, outputSize].
    func forward(_ x: MatrixView, into y: MatrixView) {
        if let packed {
            packed.forward(x, addition: addition, into: y)
        } else {
            LinearAlgebra.multiplyTiled(x.constant, weight, transposeB: true, into: y)
        }
    }

    /// Writes the gradients of the parameters, and adds to or replaces that of `x`, given that of y.
    ///
    /// - Parameter gradient: that of y, [rows, outputSize].
    /// - Parameter inputGradient: [rows, inputSize]; nil where nothing below is trained.
    func backward(
        _ gradient: MatrixView,
        x: MatrixView,
        into inputGradient: MatrixView?,
        adding: Bool,
        kernels: VectorKernels
    ) {
        if let weightGradient {
            LinearAlgebra.multiplyTiled(gradient.constant, transposeA: true, x.constant, into: weightGradient)
        }
        if let biasGradient {
            kernels.sum(rowsOf: gradient, into: biasGradient)
        }
        if let packed {
            if inputGradient != nil || addition != nil {
                packed.backward(gradient, x: x, addition: addition, into: inputGradient, adding: adding)
            }
        } else if let inputGradient {
            LinearAlgebra.multiplyTiled(gradient.constant, weight, beta: adding ? 1 : 0, into: inputGradient)
        }
    }
}

/// A layer norm in training; a gradient is there only where it is wanted.
struct NormLayer {
    /// [1, size], as all of these.
    let weight: ConstantMatrix
    let bias: ConstantMatrix
    let weightGradient: MatrixView?
    let biasGradient: MatrixView?
    let epsilon: Float

    /// Makes `x` the sum of itself, `inputBias` and `residual`, and writes its norm into `y`; all [rows, size].
    func forward(
        _ x: MatrixView,
        residual: MatrixView?,
        inputBias: ConstantMatrix?,
        statistics: MatrixView,
        into y: MatrixView,
        kernels: VectorKernels
    ) {
        kernels.layerNormKeeping(
            x,
            residual: residual,
            inputBias: inputBias,
            weight: weight,
            bias: bias,
            epsilon: epsilon,
            statistics: statistics,
            into: y
        )
    }

    /// Replaces `gradient`, of y, by that of x, which is also that of the residual.
    func backward(_ gradient: MatrixView, x: MatrixView, statistics: MatrixView, kernels: VectorKernels) {
        kernels.layerNormBackward(
            x,
            statistics: statistics,
            weight: weight,
            gradient: gradient,
            weightGradient: weightGradient,
            biasGradient: biasGradient
        )
    }
}
