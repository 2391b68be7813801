import CKernels

/// A weight matrix [outputSize, inputSize] laid out in panels, for products with few rows.
///
/// A product's sums have one order for every number of rows, so each row's result is the same to the bit in any batch.
@safe package final class PackedMatrix: Sendable {
    package let outputSize: Int
    package let inputSize: Int
    private let kernels: VectorKernels
    private let panels: FloatStorage

    /// Packs `weight` [outputSize, inputSize] for `kernels`.
    package convenience init(_ weight: Tensor, kernels: VectorKernels = .best) {
        self.init(stacking: [weight], kernels: kernels)
    }

    /// Packs several matrices of one input size, one below the other, as one.
    package init(stacking weights: [Tensor], kernels: VectorKernels = .best) {
        let inputSize = weights.first?.columns ?? 0
        precondition(weights.allSatisfy { $0.shape.count == 2 && $0.columns == inputSize }, "one input size for all")
        outputSize = weights.reduce(0) { $0 + $1.rows }
        self.inputSize = inputSize
        self.kernels = kernels
        let width = kernels.panelWidth
        let panelCount = (outputSize + width - 1) / width
        precondition(
            weights.count == 1 || weights.allSatisfy { $0.rows % width == 0 },
            "matrices are stacked at panel borders")
        panels = unsafe FloatStorage(count: panelCount * width * inputSize) { memory in
            guard var next = memory.baseAddress else { return }
            for weight in weights {
                unsafe kernels.table.pointee.pack(weight.storage.base, weight.rows, inputSize, next)
                unsafe next += weight.rows * inputSize
            }
        }
    }

    /// Whether `weights` can be packed as one matrix for `kernels`.
    package static func canStack(_ weights: [Tensor], kernels: VectorKernels = .best) -> Bool {
        weights.allSatisfy { $0.rows % kernels.panelWidth == 0 }
    }

    /// Writes activation(x · weightᵀ + bias) into `y`.
    ///
    /// `x` is [rows, inputSize], `y` [rows, outputSize], `bias` [outputSize] or nil.
    package func multiply(_ x: MatrixView, bias: Tensor?, activation: Activation = .none, into y: MatrixView) {
        precondition(x.columns == inputSize && y.columns == outputSize && x.rows == y.rows, "shapes do not match")
        precondition(bias == nil || bias?.count == outputSize, "a bias has one value an output")
        unsafe kernels.table.pointee.matmul(
            x.base, x.stride, x.rows, inputSize, panels.base, outputSize, bias?.storage.base, activation.code,
            y.base, y.stride)
    }
}
