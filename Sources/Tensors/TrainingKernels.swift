import CKernels

/// The vector kernels that only training needs; matrices have no gaps unless a stride is named.
extension VectorKernels {
    /// Adds `bias` to every row of `x`, which may have a stride.
    package func applyBias(_ bias: ConstantMatrix, to x: MatrixView) {
        precondition(bias.columns == x.columns, "a bias has one value a column")
        unsafe table.pointee.bias_activation(
            x.base,
            x.stride,
            x.rows,
            x.columns,
            bias.base,
            ck_activation_none
        )
    }

    /// Adds `bias` to `x` and writes activation(x) into `y`; both are [rows, columns].
    package func activate(_ x: MatrixView, adding bias: ConstantMatrix, activation: Activation, into y: MatrixView) {
        precondition(x.rows == y.rows && x.columns == y.columns && bias.columns == x.columns, "shapes do not match")
        precondition(x.stride == x.columns && y.stride == y.columns, "matrices without gaps")
        unsafe table.pointee.activate_keep(x.base, x.rows, x.columns, bias.base, activation.code, y.base)
    }

    /// Multiplies `gradient` by the derivative of the activation at `x`.
    package func activateBackward(_ x: MatrixView, activation: Activation, gradient: MatrixView) {
        precondition(x.rows == gradient.rows && x.columns == gradient.columns, "shapes do not match")
        precondition(x.stride == x.columns && gradient.stride == gradient.columns, "matrices without gaps")
        unsafe table.pointee.activate_backward(x.base, x.rows * x.columns, activation.code, gradient.base)
    }

    /// Adds `inputBias` and `residual` to `x`, and writes its layer norm into `y`.
    ///
    /// `statistics` [rows, 2] gets the mean and the inverse standard deviation of each row, for `layerNormBackward`.
    package func layerNormKeeping(
        _ x: MatrixView,
        residual: MatrixView?,
        inputBias: ConstantMatrix?,
        weight: ConstantMatrix,
        bias: ConstantMatrix,
        epsilon: Float,
        statistics: MatrixView,
        into y: MatrixView
    ) {
        precondition(x.stride == x.columns && y.stride == y.columns, "matrices without gaps")
        precondition(x.rows == y.rows && x.columns == y.columns && weight.columns == x.columns)
        precondition(bias.columns == x.columns && inputBias.map { $0.columns == x.columns } ?? true)
        precondition(statistics.rows == x.rows && statistics.columns == 2 && statistics.stride == 2)
        if let residual {
            precondition(residual.stride == x.columns && residual.rows == x.rows && residual.columns == x.columns)
        }
        unsafe table.pointee.layer_norm_keep(
            x.base,
            residual?.base,
            x.rows,
            x.columns,
            inputBias?.base,
            weight.base,
            bias.base,
            epsilon,
            statistics.base,
            y.base
        )
    }

    /// Replaces `gradient`, of the layer norm's output, by that of its input `x`.
    ///
    /// Writes the gradients of weight and bias [1, columns] where they are wanted.
    package func layerNormBackward(
        _ x: MatrixView,
        statistics: MatrixView,
        weight: ConstantMatrix,
        gradient: MatrixView,
        weightGradient: MatrixView?,
        biasGradient: MatrixView?
    ) {
        precondition(x.stride == x.columns && gradient.stride == x.columns, "matrices without gaps")
        precondition(x.rows == gradient.rows && x.columns == gradient.columns && weight.columns == x.columns)
        precondition(statistics.rows == x.rows && statistics.columns == 2 && statistics.stride == 2)
        precondition(weightGradient.map { $0.columns == x.columns } ?? true)
        precondition(biasGradient.map { $0.columns == x.columns } ?? true)
        unsafe table.pointee.layer_norm_backward(
            x.base,
            statistics.base,
            x.rows,
            x.columns,
            weight.base,
            gradient.base,
            weightGradient?.base,
            biasGradient?.base
        )
    }

    /// Writes the sum of the rows of `x`, which may have a stride, into the one row of `output`.
    package func sum(rowsOf x: MatrixView, into output: MatrixView) {
        precondition(output.rows == 1 && output.columns == x.columns, "shapes do not match")
        unsafe table.pointee.column_sums(x.base, x.stride, x.rows, x.columns, output.base)
    }

    /// Writes `row` times `scale` into every row of `output`.
    package func fill(_ output: MatrixView, with row: MatrixView, scale: Float) {
        precondition(row.rows == 1 && row.columns == output.columns && output.stride == output.columns)
        unsafe table.pointee.fill_rows(row.base, row.columns, scale, output.rows, output.base)
    }

    /// Floats of scratch that `attentionBackward` needs for sequences of at most `length` tokens.
    package func attentionBackwardScratch(length: Int, headSize: Int) -> Int {
        unsafe table.pointee.attention_backward_scratch(length, headSize)
    }

    /// The backward of `attention` for one sequence and head: writes the gradients of query, key and value.
    ///
    /// All are [length, headSize]. `projected` holds query, key and value of this head, `gradients` takes theirs; the
    /// three matrices of each share one stride.
    package func attentionBackward(
        projected: (query: MatrixView, key: MatrixView, value: MatrixView),
        scale: Float,
        outputGradient: MatrixView,
        gradients: (query: MatrixView, key: MatrixView, value: MatrixView),
        scratch: MatrixView
    ) {
        let (q, k, v) = projected
        let (dq, dk, dv) = gradients
        for view in [k, v, outputGradient, dq, dk, dv] {
            precondition(view.rows == q.rows && view.columns == q.columns, "shapes do not match")
        }
        precondition(k.stride == q.stride && v.stride == q.stride && dk.stride == dq.stride && dv.stride == dq.stride)
        precondition(
            scratch.rows * scratch.columns >= attentionBackwardScratch(length: q.rows, headSize: q.columns),
            "attention needs more scratch"
        )
        unsafe table.pointee.attention_backward(
            q.base,
            k.base,
            v.base,
            q.stride,
            q.rows,
            q.columns,
            scale,
            outputGradient.base,
            outputGradient.stride,
            dq.base,
            dk.base,
            dv.base,
            dq.stride,
            scratch.base
        )
    }

    /// The sum of all elements squared, in double precision and one order.
    package func sumOfSquares(_ x: MatrixView) -> Double {
        if x.stride == x.columns {
            return unsafe table.pointee.sum_of_squares(x.base, x.rows * x.columns)
        }
        return (0..<x.rows).reduce(0) { sum, row in
            unsafe sum + table.pointee.sum_of_squares(x.base + row * x.stride, x.columns)
        }
    }

    /// Writes the sum of row `word` of `words` and so on into row `row` of `output`; indices must be in range.
    package func sumRows(
        _ words: ConstantMatrix,
        _ word: Int,
        _ types: ConstantMatrix,
        _ type: Int,
        _ positions: ConstantMatrix,
        _ position: Int,
        intoRow row: Int,
        of output: MatrixView
    ) {
        precondition(word >= 0 && word < words.rows && type >= 0 && type < types.rows && row >= 0 && row < output.rows)
        precondition(position >= 0 && position < positions.rows)
        for part in [words, types, positions] { precondition(part.columns == output.columns) }
        unsafe table.pointee.add3(
            words.base + word * words.stride,
            types.base + type * types.stride,
            positions.base + position * positions.stride,
            output.columns,
            output.base + row * output.stride
        )
    }

    /// Adds row `row` of `source` to row `target` of `sums`.
    package func addRow(_ row: Int, of source: MatrixView, toRow target: Int, of sums: MatrixView) {
        precondition(row >= 0 && row < source.rows && target >= 0 && target < sums.rows)
        precondition(source.columns == sums.columns)
        let from = unsafe source.base + row * source.stride
        let into = unsafe sums.base + target * sums.stride
        for column in 0..<source.columns {
            unsafe into[column] += from[column]
        }
    }
}
