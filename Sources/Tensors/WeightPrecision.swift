import CKernels

/// What the weights that inference reads are kept in, and their products computed in.
///
/// Everything else is fp32.
package enum WeightPrecision: String, CaseIterable, Sendable, Codable {
    case float32 = "fp32"
    /// Half the bytes; weights and rows are rounded to 8 bits of mantissa, sums are fp32.
    case bfloat16 = "bf16"
    /// A quarter of the bytes: weights scaled for each output, rows for each row as they come.
    case int8
}

/// Rows as products of one precision read them: in fp32 the matrix itself, else a converted copy in scratch memory.
@safe package struct ProductRows {
    let view: MatrixView
    let precision: WeightPrecision
    /// Valid as long as the scratch memory is; nil in fp32.
    let converted: UnsafeMutablePointer<Float>?
}

extension VectorKernels {
    /// The converting product of `precision`; nil for fp32, which converts nothing.
    func product(_ precision: WeightPrecision) -> ck_product? {
        switch precision {
        case .float32: nil
        case .bfloat16: unsafe table.pointee.bf16
        case .int8: unsafe table.pointee.int8
        }
    }

    /// Floats of scratch memory that `rows` takes for a matrix of this size.
    package func rowsScratch(_ precision: WeightPrecision, rows: Int, columns: Int) -> Int {
        guard let product = product(precision) else { return 0 }
        return (product.rows_size(rows, columns) + 3) / 4
    }

    /// `x` made ready for any number of products of `precision`.
    ///
    /// - Parameters:
    ///   - factors: what int8 multiplies the columns by first; see `PackedMatrix.init(_:precision:factors:kernels:)`.
    ///   - scratch: one row of at least `rowsScratch` floats, taken as long as the result is used.
    package func rows(
        _ x: MatrixView, for precision: WeightPrecision, factors: Tensor? = nil, scratch: MatrixView
    ) -> ProductRows {
        precondition(factors == nil || precision == .int8 && factors?.count == x.columns, "int8 has a factor a column")
        guard let product = product(precision) else {
            return unsafe ProductRows(view: x, precision: precision, converted: nil)
        }
        precondition(
            scratch.rows * scratch.columns >= rowsScratch(precision, rows: x.rows, columns: x.columns),
            "rows need more scratch")
        unsafe product.convert(x.base, x.stride, x.rows, x.columns, factors?.storage.base, scratch.base)
        return unsafe ProductRows(view: x, precision: precision, converted: scratch.base)
    }
}
