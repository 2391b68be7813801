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
    package init(_ weight: Tensor, kernels: VectorKernels = .best) {
        precondition(weight.shape.count == 2, "a weight matrix has two dimensions")
        let outputSize = weight.rows
        let inputSize = weight.columns
        let width = kernels.panelWidth
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.kernels = kernels
        panels = unsafe FloatStorage(count: (outputSize + width - 1) / width * width * inputSize) { memory in
            guard let base = memory.baseAddress else { return }
            unsafe kernels.table.pointee.pack(weight.storage.base, outputSize, inputSize, base)
        }
    }

    /// Packs the transpose of `weight` [inputSize, outputSize].
    package init(transposing weight: Tensor, kernels: VectorKernels = .best) {
        precondition(weight.shape.count == 2, "a weight matrix has two dimensions")
        let outputSize = weight.columns
        let inputSize = weight.rows
        let width = kernels.panelWidth
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.kernels = kernels
        panels = unsafe FloatStorage(count: (outputSize + width - 1) / width * width * inputSize) { memory in
            guard let base = memory.baseAddress else { return }
            unsafe kernels.table.pointee.pack_transposed(weight.storage.base, inputSize, outputSize, base)
        }
    }

    /// Adds x · weightᵀ to `y`.
    package func multiply(_ x: MatrixView, addingTo y: MatrixView) {
        precondition(x.columns == inputSize && y.columns == outputSize && x.rows == y.rows, "shapes do not match")
        unsafe kernels.table.pointee.matmul_add(
            x.base, x.stride, x.rows, inputSize, panels.base, outputSize, y.base, y.stride)
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
