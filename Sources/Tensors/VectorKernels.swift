import CKernels

/// What happens to an element of a product after its bias is added.
package enum Activation: String, Sendable, CaseIterable {
    case none, gelu, geluTanh, relu, tanh

    var code: ck_activation {
        switch self {
        case .none: ck_activation_none
        case .gelu: ck_activation_gelu_erf
        case .geluTanh: ck_activation_gelu_tanh
        case .relu: ck_activation_relu
        case .tanh: ck_activation_tanh
        }
    }
}

/// The vector kernels of one instruction set.
@safe package struct VectorKernels: Sendable {
    /// A static constant table in C; never written to.
    nonisolated(unsafe) let table: UnsafePointer<ck_kernels>

    private init?(_ table: UnsafePointer<ck_kernels>?) {
        guard let table = unsafe table else { return nil }
        unsafe self.table = table
    }

    /// The fastest set that this processor runs.
    package static let best: VectorKernels = unsafe VectorKernels(ck_kernels_best()) ?? plain
    /// The set in portable C.
    package static let plain: VectorKernels = {
        guard let plain = unsafe VectorKernels(ck_kernels_plain()) else { preconditionFailure("plain C always runs") }
        return plain
    }()
    /// Every set that this processor runs, slowest first.
    package static let available: [VectorKernels] = unsafe [
        ck_kernels_plain(), ck_kernels_avx2(), ck_kernels_avx512(), ck_kernels_avx512_vnni(), ck_kernels_avx512_bf16(),
    ].compactMap { unsafe VectorKernels($0) }

    /// "avx512-bf16", "avx512-vnni", "avx512", "avx2" or "plain".
    package var name: String { unsafe String(cString: table.pointee.name) }

    /// Floats in a vector.
    package var vectorWidth: Int { panelWidth / 2 }

    /// Columns in one panel of a packed matrix, which are two vectors.
    var panelWidth: Int { unsafe table.pointee.panel_width }

    /// x = activation(x + bias), for x [rows, columns] and `bias` [columns].
    package func applyBias(_ bias: Tensor?, activation: Activation, to x: MatrixView) {
        precondition(bias == nil || bias?.count == x.columns, "a bias has one value a column")
        unsafe table.pointee.bias_activation(
            x.base, x.stride, x.rows, x.columns, bias?.storage.base, activation.code)
    }

    /// Writes the layer norm of x + residual into `y`; all are [rows, columns] without gaps, `y` may be `x`.
    package func layerNorm(
        _ x: MatrixView, residual: MatrixView?, weight: Tensor, bias: Tensor, epsilon: Float, into y: MatrixView
    ) {
        precondition(x.stride == x.columns && y.stride == y.columns, "layer norm takes matrices without gaps")
        precondition(x.rows == y.rows && x.columns == y.columns && weight.count == x.columns && bias.count == x.columns)
        if let residual {
            precondition(residual.stride == x.columns && residual.rows == x.rows && residual.columns == x.columns)
        }
        unsafe table.pointee.layer_norm(
            x.base, residual?.base, x.rows, x.columns, weight.storage.base, bias.storage.base, epsilon, y.base)
    }

    /// Replaces each row of `x` by its softmax after multiplying it by `scale`.
    package func softmax(_ x: MatrixView, scale: Float = 1) {
        unsafe table.pointee.softmax(x.base, x.stride, x.rows, x.columns, scale)
    }

    /// Floats of scratch that `attention` needs for sequences of at most `length` tokens.
    package func attentionScratch(
        length: Int, headSize: Int, precision: WeightPrecision = .float32
    ) -> Int {
        precision == .float32
            ? unsafe table.pointee.attention_scratch(length, headSize)
            : unsafe table.pointee.attention_bf16_scratch(length, headSize)
    }

    /// Bidirectional self-attention of one sequence for one head.
    ///
    /// `query`, `key`, `value` and `output` are [length, headSize]; the first three share one stride. What is not in
    /// fp32 is in bf16, if the processor is faster with it.
    package func attention(
        query: MatrixView, key: MatrixView, value: MatrixView, scale: Float, precision: WeightPrecision = .float32,
        into output: MatrixView, scratch: MatrixView
    ) {
        precondition(query.stride == key.stride && key.stride == value.stride, "query, key and value share a stride")
        precondition(key.rows == query.rows && value.rows == query.rows && output.rows == query.rows)
        precondition(key.columns == query.columns && value.columns == query.columns && output.columns == query.columns)
        precondition(
            scratch.rows * scratch.columns
                >= attentionScratch(length: query.rows, headSize: query.columns, precision: precision),
            "attention needs more scratch")
        let attention =
            precision == .float32 ? unsafe table.pointee.attention : unsafe table.pointee.attention_bf16
        unsafe attention?(
            query.base, key.base, value.base, query.stride, query.rows, query.columns, scale, output.base,
            output.stride, scratch.base)
    }

    /// Writes the mean of the rows of `x` into the one row of `output`.
    package func mean(rowsOf x: MatrixView, into output: MatrixView) {
        precondition(x.stride == x.columns && output.rows == 1 && output.columns == x.columns)
        unsafe table.pointee.mean_rows(x.base, x.rows, x.columns, output.base)
    }

    /// Writes the largest value of each column of `x` into the one row of `output`.
    package func maximum(rowsOf x: MatrixView, into output: MatrixView) {
        precondition(x.stride == x.columns && output.rows == 1 && output.columns == x.columns)
        unsafe table.pointee.max_rows(x.base, x.rows, x.columns, output.base)
    }

    /// Divides each row of `x` by its Euclidean length.
    package func normalize(rowsOf x: MatrixView) {
        for row in 0..<x.rows {
            unsafe table.pointee.normalize(x.base + row * x.stride, x.columns)
        }
    }

    /// Copies `source` into `target`, both of one shape.
    package func copy(_ source: MatrixView, into target: MatrixView) {
        precondition(source.rows == target.rows && source.columns == target.columns)
        for row in 0..<source.rows {
            unsafe (target.base + row * target.stride).update(
                from: source.base + row * source.stride, count: source.columns)
        }
    }

    /// Writes the sum of one row of each of three tables into row `row` of `output`.
    ///
    /// Each table is [rows, columns]; the indices must be in range.
    package func sumRows(
        _ a: (table: Tensor, row: Int), _ b: (table: Tensor, row: Int), _ c: (table: Tensor, row: Int),
        intoRow row: Int, of output: MatrixView
    ) {
        let width = output.columns
        for part in [a, b, c] {
            precondition(part.table.columns == width && part.row >= 0 && part.row < part.table.rows)
        }
        precondition(row >= 0 && row < output.rows)
        unsafe table.pointee.add3(
            a.table.storage.base + a.row * width, b.table.storage.base + b.row * width,
            c.table.storage.base + c.row * width, width, output.base + row * output.stride)
    }
}
