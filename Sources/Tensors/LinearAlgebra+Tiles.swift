extension LinearAlgebra {
    /// Rows of a result that are computed by one call.
    ///
    /// A tile's size does not depend on how many threads share the tiles, and so neither do the bits of the result.
    package static let tileRows = 256

    /// The same as `multiply`, in tiles of rows of the result.
    package static func multiplyTiled(
        _ a: ConstantMatrix,
        transposeA: Bool = false,
        _ b: ConstantMatrix,
        transposeB: Bool = false,
        alpha: Float = 1,
        beta: Float = 0,
        into c: MatrixView
    ) {
        for start in stride(from: 0, to: c.rows, by: tileRows) {
            let range = start..<min(start + tileRows, c.rows)
            multiply(
                transposeA ? a.columns(range) : a.rows(range),
                transposeA: transposeA,
                b,
                transposeB: transposeB,
                alpha: alpha,
                beta: beta,
                into: c.rows(range)
            )
        }
    }
}
