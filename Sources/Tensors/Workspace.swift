/// Scratch memory for one computation at a time, given out in order and taken back all at once.
///
/// Its size is fixed by whoever knows the model's shapes, so that nothing is allocated while requests are served.
/// One thread uses it at a time; it is not `Sendable`.
@safe package final class Workspace {
    private let memory: ZeroedMemory
    private let capacity: Int
    private var used = 0

    /// Allocates room for `capacity` floats; it is taken of the machine's memory as it is used.
    package init(capacity: Int) {
        memory = ZeroedMemory(count: capacity)
        self.capacity = capacity
    }

    /// Floats that `matrix(rows:columns:)` takes for a matrix of this size: its own, up to a full cache line.
    package static func footprint(rows: Int, columns: Int) -> Int {
        (rows * columns + 15) / 16 * 16
    }

    /// A matrix of undefined content, valid until the enclosing `scoped` call ends.
    package func matrix(rows: Int, columns: Int) -> MatrixView {
        let size = Self.footprint(rows: rows, columns: columns)
        precondition(size <= capacity - used, "the workspace was made for smaller batches")
        defer { used += size }
        return unsafe MatrixView(base: memory.base + used, rows: rows, columns: columns)
    }

    /// Runs `body` and takes back what it took.
    package func scoped<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        let mark = used
        defer { used = mark }
        return try body()
    }
}
