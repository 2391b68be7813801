import Glibc

/// An immutable, row-major array of floats with a shape.
package struct Tensor: Sendable {
    package let storage: FloatStorage
    package let shape: [Int]

    /// Wraps `storage`, whose count must be the product of `shape`.
    package init(storage: FloatStorage, shape: [Int]) {
        precondition(shape.reduce(1, *) == storage.count, "a tensor's shape must describe all of its storage")
        self.storage = storage
        self.shape = shape
    }

    /// Copies `values`, in row-major order.
    package init(_ values: [Float], shape: [Int]) {
        precondition(shape.reduce(1, *) == values.count, "a tensor's shape must describe all of its values")
        let storage = unsafe FloatStorage(count: values.count) { memory in
            _ = unsafe memory.update(fromContentsOf: values)
        }
        self.init(storage: storage, shape: shape)
    }

    /// A tensor of zeros that `fill` writes, given as a matrix of its last dimension's rows.
    package init(shape: [Int], fill: (MatrixView) -> Void) {
        let columns = shape.last ?? 1
        let count = shape.reduce(1, *)
        let storage = unsafe FloatStorage(count: count) { memory in
            guard let base = memory.baseAddress, columns > 0 else { return }
            unsafe fill(MatrixView(base: base, rows: count / columns, columns: columns))
        }
        self.init(storage: storage, shape: shape)
    }

    /// Rows of a matrix; 1 for a vector.
    package var rows: Int { shape.count < 2 ? 1 : shape[0] }
    /// Floats in a row.
    package var columns: Int { shape.last ?? 1 }
    package var count: Int { storage.count }

    /// Takes a mapped file's pages out of memory until they are read again: for weights of which there is a packed copy.
    package func letGo() { storage.letGo() }

    /// The values as a read-only view.
    package var matrix: ConstantMatrix {
        unsafe ConstantMatrix(base: storage.base, rows: columns == 0 ? 0 : count / columns, columns: columns)
    }

    /// Whether both have the same shape and the same values, bit for bit.
    package func hasBits(of other: Tensor) -> Bool {
        unsafe shape == other.shape
            && memcmp(storage.base, other.storage.base, count * MemoryLayout<Float>.stride) == 0
    }

    /// Whether no value is infinite or not a number.
    package var isFinite: Bool {
        // Without their sign, bits order as the numbers do; unlike a search this is a loop of vectors.
        var largest: UInt32 = 0
        for index in 0..<count { largest = max(largest, unsafe storage.base[index].bitPattern & 0x7fff_ffff) }
        return largest < Float.infinity.bitPattern
    }

    /// A copy of the values.
    package var values: [Float] {
        unsafe Array(UnsafeBufferPointer(start: storage.base, count: count))
    }

    /// A copy of a matrix with every column divided by its factor.
    func dividing(columnsBy factors: Tensor) -> Tensor {
        precondition(factors.count == columns, "a factor a column")
        let factors = factors.values
        var values = values
        for row in 0..<rows {
            for column in 0..<columns { values[row * columns + column] /= factors[column] }
        }
        return Tensor(values, shape: shape)
    }
}
