import CKernels

/// Softmax regression, and arithmetic on whole vectors of parameters; sums have one order.
extension VectorKernels {
    /// Adds `bias` to `logits` and returns Σ weight · cross-entropy of its rows, whose labels are those of `rows`.
    ///
    /// `logits` [rows, classes] becomes the gradient, weight · (softmax − one-hot); its columns are added to `columnSums`.
    package func crossEntropy(
        _ logits: MatrixView,
        bias: [Float],
        labels: [Int32],
        weights: [Float],
        rows: Range<Int>,
        columnSums: inout [Float]
    ) -> Double {
        let classes = Int32(logits.columns)
        precondition(logits.rows == rows.count && bias.count == logits.columns && columnSums.count == logits.columns)
        precondition(rows.lowerBound >= 0 && rows.upperBound <= labels.count && rows.upperBound <= weights.count)
        for row in rows { precondition(labels[row] >= 0 && labels[row] < classes, "a label is one of the classes") }
        return unsafe labels.withUnsafeBufferPointer { labels in
            unsafe weights.withUnsafeBufferPointer { weights in
                guard let labels = labels.baseAddress, let weights = weights.baseAddress else { return 0 }
                return unsafe table.pointee.cross_entropy(
                    logits.base,
                    logits.stride,
                    logits.rows,
                    logits.columns,
                    bias,
                    labels + rows.lowerBound,
                    weights + rows.lowerBound,
                    &columnSums
                )
            }
        }
    }

    /// weight · x + bias, for `weight` [bias.count, x.count] as it is.
    package func apply(_ weight: [Float], bias: [Float], to x: Span<Float>) -> [Float] {
        precondition(weight.count == bias.count * x.count, "sizes must agree")
        var output = bias
        unsafe x.withUnsafeBufferPointer { x in
            guard let base = x.baseAddress else { return }
            unsafe table.pointee.apply_rows(weight, bias.count, x.count, base, bias, &output)
        }
        return output
    }

    /// matrix · x, for a row `x` [1, columns] and an `output` [1, rows]; the matrix has no gaps.
    package func apply(_ matrix: ConstantMatrix, to x: ConstantMatrix, into output: MatrixView) {
        precondition(matrix.stride == matrix.columns && x.rows == 1 && output.rows == 1, "shapes do not match")
        precondition(x.columns == matrix.columns && output.columns == matrix.rows, "shapes do not match")
        output.fill(0)
        unsafe table.pointee.apply_rows(
            matrix.base, matrix.rows, matrix.columns, x.base, output.base, output.base)
    }

    /// output += Σ factors · rows of `matrix`, for `factors` [1, rows] and an `output` [1, columns].
    package func add(_ factors: ConstantMatrix, times matrix: ConstantMatrix, to output: MatrixView) {
        precondition(factors.rows == 1 && output.rows == 1, "shapes do not match")
        precondition(factors.columns == matrix.rows && output.columns == matrix.columns, "shapes do not match")
        for row in 0..<matrix.rows {
            unsafe table.pointee.combine(
                output.base, 1, matrix.base + row * matrix.stride, factors[0, row], matrix.columns, output.base)
        }
    }

    /// The inner product, in double precision.
    package func dot(_ a: [Float], _ b: [Float]) -> Double {
        precondition(a.count == b.count, "vectors of one length")
        return unsafe table.pointee.dot(a, b, a.count)
    }

    /// target += factor · b.
    package func add(_ factor: Float, times b: [Float], to target: inout [Float]) {
        precondition(target.count == b.count, "vectors of one length")
        let count = b.count
        unsafe target.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            unsafe table.pointee.combine(base, 1, b, factor, count, base)
        }
    }

    /// target = a · factor + b · other; `target` may have been neither.
    package func combine(
        _ a: [Float],
        times factor: Float,
        _ b: [Float],
        times other: Float,
        into target: inout [Float]
    ) {
        precondition(a.count == b.count && target.count == a.count, "vectors of one length")
        unsafe table.pointee.combine(a, factor, b, other, a.count, &target)
    }

    /// target *= factor.
    package func scale(_ target: inout [Float], by factor: Float) {
        let count = target.count
        unsafe target.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            unsafe table.pointee.combine(base, factor, base, 0, count, base)
        }
    }
}
