extension ConstantMatrix {
    /// Calls `body` with `values`, rows of `columns` floats, as a matrix that is valid during the call.
    package static func with<R, E: Error>(
        _ values: borrowing [Float], columns: Int, _ body: (ConstantMatrix) throws(E) -> R
    ) throws(E) -> R {
        precondition(columns > 0 && values.count.isMultiple(of: columns), "values must fill their rows")
        let rows = values.count / columns
        return try unsafe values.withUnsafeBufferPointer { buffer throws(E) in
            guard let base = buffer.baseAddress else {
                var nothing: Float = 0
                return try unsafe withUnsafePointer(to: &nothing) { empty throws(E) in
                    try unsafe body(ConstantMatrix(base: empty, rows: 0, columns: columns))
                }
            }
            return try unsafe body(ConstantMatrix(base: base, rows: rows, columns: columns))
        }
    }
}

extension MatrixView {
    /// Calls `body` with `values`, rows of `columns` floats, as a matrix that is valid during the call.
    package static func with<R, E: Error>(
        _ values: inout [Float], columns: Int, _ body: (MatrixView) throws(E) -> R
    ) throws(E) -> R {
        precondition(
            columns > 0 && !values.isEmpty && values.count.isMultiple(of: columns), "values must fill their rows")
        let rows = values.count / columns
        return try unsafe values.withUnsafeMutableBufferPointer { buffer throws(E) in
            guard let base = buffer.baseAddress else { preconditionFailure("a non-empty array has memory") }
            return try unsafe body(MatrixView(base: base, rows: rows, columns: columns))
        }
    }
}
