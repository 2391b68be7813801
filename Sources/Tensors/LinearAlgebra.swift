import COpenBLAS

/// Dense products through OpenBLAS, on the calling thread alone.
package enum LinearAlgebra {
    /// Writes alpha · op(a) · op(b) + beta · c into `c`.
    ///
    /// op(a) is [m, k], op(b) is [k, n], c is [m, n], all row-major without gaps. `transposeA` says that `a` is laid
    /// out as [k, m], `transposeB` that `b` is laid out as [n, k].
    package static func multiply(
        _ a: Span<Float>, transposeA: Bool = false, _ b: Span<Float>, transposeB: Bool = false,
        m: Int, n: Int, k: Int, alpha: Float = 1, beta: Float = 0, into c: inout MutableSpan<Float>
    ) {
        precondition(a.count >= m * k && b.count >= k * n && c.count >= m * n, "operands are smaller than their shapes")
        if m == 0 || n == 0 { return }
        unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                unsafe c.withUnsafeMutableBufferPointer { c in
                    unsafe cblas_sgemm(
                        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
                        blasint(m), blasint(n), blasint(k), alpha, a.baseAddress, blasint(max(1, transposeA ? m : k)),
                        b.baseAddress, blasint(max(1, transposeB ? k : n)), beta, c.baseAddress, blasint(n))
                }
            }
        }
        ComputeThread.worked(multiplyAdds: m * n * k)
    }

    /// Replaces a symmetric positive definite matrix [size, size] by its inverse.
    ///
    /// - Returns: false, with the matrix undefined, where it is not positive definite to rounding.
    package static func invert(_ matrix: inout [Float], size: Int) -> Bool {
        precondition(matrix.count == size * size, "the matrix is square")
        if size == 0 { return true }
        var (n, info): (Int32, Int32) = (Int32(size), 0)
        // LAPACK's lower triangle by columns is the upper one by rows.
        unsafe spotrf_("L", &n, &matrix, &n, &info)
        // It takes what is not a number for positive.
        guard info == 0, (0..<size).allSatisfy({ matrix[$0 * size + $0].isFinite }) else { return false }
        unsafe spotri_("L", &n, &matrix, &n, &info)
        guard info == 0 else { return false }
        for row in 0..<size {
            for column in row + 1..<size { matrix[column * size + row] = matrix[row * size + column] }
        }
        return true
    }

    /// Writes alpha · op(a) · op(b) + beta · c into `c`, for matrices with strides.
    package static func multiply(
        _ a: ConstantMatrix, transposeA: Bool = false, _ b: ConstantMatrix, transposeB: Bool = false,
        alpha: Float = 1, beta: Float = 0, into c: MatrixView
    ) {
        let m = transposeA ? a.columns : a.rows
        let k = transposeA ? a.rows : a.columns
        let n = transposeB ? b.rows : b.columns
        precondition(k == (transposeB ? b.columns : b.rows) && c.rows == m && c.columns == n, "shapes do not match")
        if m == 0 || n == 0 { return }
        unsafe cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), alpha, a.base, blasint(a.stride), b.base, blasint(b.stride), beta,
            c.base, blasint(c.stride))
        ComputeThread.worked(multiplyAdds: m * n * k)
    }
}
