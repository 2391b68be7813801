/// A row-major matrix inside memory that somebody else owns, to be read.
///
/// A view is valid as long as the `Workspace`, `Tensor` or `FloatMatrix` it was taken from. It is not `Sendable`.
@safe package struct ConstantMatrix {
    let base: UnsafePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Floats from one row to the next; at least `columns`.
    package let stride: Int

    init(base: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        unsafe self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// Rows `range` of this matrix.
    package func rows(_ range: Range<Int>) -> ConstantMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows out of range")
        return unsafe ConstantMatrix(
            base: base + range.lowerBound * stride,
            rows: range.count,
            columns: columns,
            stride: stride
        )
    }

    /// Columns `range` of this matrix.
    package func columns(_ range: Range<Int>) -> ConstantMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns out of range")
        return unsafe ConstantMatrix(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// The element at `row`, `column`.
    package subscript(row: Int, column: Int) -> Float {
        precondition(row >= 0 && row < rows && column >= 0 && column < columns)
        return unsafe base[row * stride + column]
    }

    /// Row `index` as a span.
    package func row(_ index: Int) -> [Float] {
        precondition(index >= 0 && index < rows)
        return unsafe Array(UnsafeBufferPointer(start: base + index * stride, count: columns))
    }
}

/// A row-major matrix inside memory that somebody else owns, to be read and written by one thread.
@safe package struct MatrixView {
    let base: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Floats from one row to the next; at least `columns`.
    package let stride: Int

    init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        unsafe self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// The same memory, to be read.
    package var constant: ConstantMatrix {
        unsafe ConstantMatrix(base: base, rows: rows, columns: columns, stride: stride)
    }

    /// Rows `range` of this matrix.
    package func rows(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows out of range")
        return unsafe MatrixView(
            base: base + range.lowerBound * stride,
            rows: range.count,
            columns: columns,
            stride: stride
        )
    }

    /// Columns `range` of this matrix.
    package func columns(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns out of range")
        return unsafe MatrixView(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// The element at `row`, `column`.
    package subscript(row: Int, column: Int) -> Float {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            return unsafe base[row * stride + column]
        }
        nonmutating set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            unsafe base[row * stride + column] = newValue
        }
    }

    /// Copies `values` into row `index`.
    package func setRow(_ index: Int, to values: [Float]) {
        precondition(index >= 0 && index < rows && values.count == columns)
        unsafe (base + index * stride).update(from: values, count: columns)
    }

    /// The beginning of this matrix's memory, which has no gaps, seen as a matrix of another shape.
    package func reshaped(rows: Int, columns: Int) -> MatrixView {
        precondition(stride == self.columns && rows >= 0 && columns >= 0 && rows * columns <= self.rows * self.columns)
        return unsafe MatrixView(base: base, rows: rows, columns: columns)
    }

    /// Copies `source`, of the same shape.
    package func copy(_ source: ConstantMatrix) {
        precondition(source.rows == rows && source.columns == columns, "shapes do not match")
        for row in 0..<rows {
            unsafe (base + row * stride).update(from: source.base + row * source.stride, count: columns)
        }
    }

    /// Copies the transpose of `source`.
    package func copy(transposing source: ConstantMatrix) {
        precondition(source.rows == columns && source.columns == rows, "shapes do not match")
        for row in 0..<rows {
            for column in 0..<columns { unsafe base[row * stride + column] = source.base[column * source.stride + row] }
        }
    }

    /// Makes of every element what `change` makes of it.
    @inlinable package func update(_ change: (Float) -> Float) {
        for row in 0..<rows {
            for column in 0..<columns { unsafe base[row * stride + column] = change(base[row * stride + column]) }
        }
    }

    /// Adds `factor` times the elements of `other`, of the same shape.
    package func add(_ other: MatrixView, times factor: Float) {
        precondition(other.rows == rows && other.columns == columns, "shapes do not match")
        for row in 0..<rows {
            for column in 0..<columns {
                unsafe base[row * stride + column] += factor * other.base[row * other.stride + column]
            }
        }
    }

    /// Multiplies every element by `factor`.
    package func scale(by factor: Float) {
        for row in 0..<rows {
            for column in 0..<columns { unsafe base[row * stride + column] *= factor }
        }
    }

    /// Makes every element `value`.
    package func fill(_ value: Float) {
        for row in 0..<rows {
            unsafe (base + row * stride).update(repeating: value, count: columns)
        }
    }

    /// All values, row by row.
    package var values: [Float] {
        (0..<rows).flatMap { constant.row($0) }
    }
}
