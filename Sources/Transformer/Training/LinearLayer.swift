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
    let addition: LowRankPath?
    /// The weight and its transpose, packed, where it is frozen.
    let packed: FrozenWeight?

    /// Writes x · weightᵀ, and the low-rank addition, into `y`.
    ///
    /// `x` is [rows, inputSize] and `y` is [rows, outputSize].
    func forward(_ x: MatrixView, into y: MatrixView) {
        if let packed {
            packed.forward(x, into: y)
        } else {
            LinearAlgebra.multiplyTiled(x.constant, weight, transposeB: true, into: y)
        }
        addition?.forward(x, addingTo: y)
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
        if let inputGradient {
            if let packed {
                packed.backward(gradient, into: inputGradient, adding: adding)
            } else {
                LinearAlgebra.multiplyTiled(gradient.constant, weight, beta: adding ? 1 : 0, into: inputGradient)
            }
        }
        addition?.backward(gradient, x: x, addingTo: inputGradient)
    }
}

/// A low-rank addition to a linear layer: y += scale · (x · aᵀ) · bᵀ.
struct LowRankPath {
    /// [rank, inputSize].
    let a: MatrixView
    /// [outputSize, rank].
    let b: MatrixView
    let aGradient: MatrixView
    let bGradient: MatrixView
    let scale: Float
    /// x · aᵀ of the last forward, [most rows, rank].
    let reduced: MatrixView
    /// Scratch of the same shape, which all paths share.
    let reducedGradient: MatrixView

    func forward(_ x: MatrixView, addingTo y: MatrixView) {
        let reduced = reduced.rows(0..<x.rows)
        LinearAlgebra.multiplyTiled(x.constant, a.constant, transposeB: true, into: reduced)
        LinearAlgebra.multiplyTiled(reduced.constant, b.constant, transposeB: true, alpha: scale, beta: 1, into: y)
    }

    func backward(_ gradient: MatrixView, x: MatrixView, addingTo inputGradient: MatrixView?) {
        let reduced = reduced.rows(0..<x.rows)
        let reducedGradient = reducedGradient.rows(0..<x.rows)
        LinearAlgebra.multiplyTiled(
            gradient.constant,
            transposeA: true,
            reduced.constant,
            alpha: scale,
            into: bGradient
        )
        LinearAlgebra.multiplyTiled(gradient.constant, b.constant, alpha: scale, into: reducedGradient)
        LinearAlgebra.multiplyTiled(reducedGradient.constant, transposeA: true, x.constant, into: aGradient)
        if let inputGradient {
            LinearAlgebra.multiplyTiled(reducedGradient.constant, a.constant, beta: 1, into: inputGradient)
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
