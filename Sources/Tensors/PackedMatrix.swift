import CKernels

/// A weight matrix [outputSize, inputSize] laid out in panels, for products with few rows.
///
/// A product's sums have one order for every number of rows, so each row's result is the same to the bit in any batch.
@safe package final class PackedMatrix: Sendable {
    package let outputSize: Int
    package let inputSize: Int
    package let precision: WeightPrecision
    private let kernels: VectorKernels
    private let panels: FloatStorage

    /// Packs `weight` [outputSize, inputSize] for `kernels`.
    ///
    /// - Parameters:
    ///   - factors: [inputSize], what the columns are divided by before they are rounded, so that they must be multiplied by
    ///     it in the rows. Columns that differ less in size lose less by rounding to one scale for all of them
    ///     (SmoothQuant, arXiv 2211.10438).
    ///   - arena: what to take the memory from; nil for memory of its own.
    package convenience init(
        _ weight: Tensor, precision: WeightPrecision = .float32, factors: Tensor? = nil, kernels: VectorKernels = .best,
        in arena: WeightArena? = nil
    ) {
        precondition(weight.shape.count == 2, "a weight matrix has two dimensions")
        let weight = factors.map { weight.dividing(columnsBy: $0) } ?? weight
        unsafe self.init(
            outputSize: weight.rows, inputSize: weight.columns, precision: precision, kernels: kernels, arena: arena
        ) { base in
            guard let product = kernels.product(precision) else {
                unsafe kernels.table.pointee.pack(weight.storage.base, weight.rows, weight.columns, base)
                return
            }
            unsafe product.pack(weight.storage.base, weight.rows, weight.columns, base)
        }
    }

    /// Packs the transpose of `weight` [inputSize, outputSize] in fp32.
    package convenience init(transposing weight: Tensor, kernels: VectorKernels = .best) {
        precondition(weight.shape.count == 2, "a weight matrix has two dimensions")
        unsafe self.init(
            outputSize: weight.columns, inputSize: weight.rows, precision: .float32, kernels: kernels, arena: nil
        ) { base in
            unsafe kernels.table.pointee.pack_transposed(weight.storage.base, weight.rows, weight.columns, base)
        }
    }

    private init(
        outputSize: Int, inputSize: Int, precision: WeightPrecision, kernels: VectorKernels, arena: WeightArena?,
        pack: (UnsafeMutablePointer<Float>) -> Void
    ) {
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.precision = precision
        self.kernels = kernels
        let count = Self.count(outputSize: outputSize, inputSize: inputSize, precision: precision, kernels: kernels)
        func fill(_ memory: UnsafeMutableBufferPointer<Float>) {
            guard let base = memory.baseAddress else { return }
            unsafe pack(base)
        }
        panels = unsafe arena?.storage(count: count, fill: fill) ?? FloatStorage(count: count, fill: fill)
    }

    /// Floats of an arena that a matrix of this size takes.
    package static func footprint(
        outputSize: Int, inputSize: Int, precision: WeightPrecision, kernels: VectorKernels
    ) -> Int {
        WeightArena.footprint(
            count(outputSize: outputSize, inputSize: inputSize, precision: precision, kernels: kernels))
    }

    private static func count(
        outputSize: Int, inputSize: Int, precision: WeightPrecision, kernels: VectorKernels
    ) -> Int {
        if let product = kernels.product(precision) { return (product.packed_size(outputSize, inputSize) + 3) / 4 }
        return PackedPanels.footprint(outputSize: outputSize, inputSize: inputSize, kernels: kernels)
    }

    /// Writes x · weightᵀ + `part` into `y`, or adds it, in fp32.
    package func multiply(_ x: MatrixView, plus part: ProductPart? = nil, adding: Bool = false, into y: MatrixView) {
        precondition(precision == .float32, "only products in fp32 have parts or add to what is there")
        precondition(x.columns == inputSize && y.columns == outputSize && x.rows == y.rows, "shapes do not match")
        guard let part else {
            return unsafe kernels.table.pointee.matmul_two(
                x.base, x.stride, x.rows, inputSize, panels.base, outputSize, nil, adding ? 1 : 0, y.base, y.stride)
        }
        precondition(part.x.rows == x.rows && part.weight.outputSize == outputSize, "shapes do not match")
        var low = unsafe ck_rows(
            x: part.x.base, ldx: part.x.stride, k: part.weight.inputSize, packed: part.weight.memory.base)
        unsafe kernels.table.pointee.matmul_two(
            x.base, x.stride, x.rows, inputSize, panels.base, outputSize, &low, adding ? 1 : 0, y.base, y.stride)
    }

    /// Writes activation(x · weightᵀ + bias) into `y`, in fp32.
    ///
    /// `x` is [rows, inputSize], `y` [rows, outputSize], `bias` [outputSize] or nil.
    package func multiply(_ x: MatrixView, bias: Tensor?, activation: Activation = .none, into y: MatrixView) {
        multiply(
            unsafe ProductRows(view: x, precision: .float32, converted: nil), bias: bias, activation: activation,
            into: y)
    }

    /// The same from rows of this matrix's precision.
    package func multiply(_ x: ProductRows, bias: Tensor?, activation: Activation = .none, into y: MatrixView) {
        let (view, rows) = (x.view, x.view.rows)
        precondition(x.precision == precision, "rows and weights are of one precision")
        precondition(view.columns == inputSize && y.columns == outputSize && rows == y.rows, "shapes do not match")
        precondition(bias == nil || bias?.count == outputSize, "a bias has one value an output")
        if let product = kernels.product(precision), let converted = unsafe x.converted {
            unsafe product.matmul(
                converted, rows, inputSize, panels.base, outputSize, bias?.storage.base, activation.code, y.base,
                y.stride)
        } else {
            unsafe kernels.table.pointee.matmul(
                view.base, view.stride, rows, inputSize, panels.base, outputSize, bias?.storage.base,
                activation.code, y.base, y.stride)
        }
    }
}
