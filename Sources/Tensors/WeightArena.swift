import Synchronization

/// Memory for weights that are read one after another: in a row, and on large pages where the system gives them.
///
/// Given out in order, and freed when nothing uses any of it.
@safe package final class WeightArena: Sendable {
    /// Each part is written once, by who gets it, before anyone else sees it.
    private let memory: ZeroedMemory
    private let capacity: Int
    private let used = Mutex(0)

    /// Room for `capacity` floats, each part of it counted by `footprint(_:)`.
    package init(capacity: Int) {
        self.capacity = capacity
        memory = ZeroedMemory(count: capacity)
    }

    /// Floats that `count` take here: up to a full cache line.
    package static func footprint(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// Gives out memory for `count` floats and lets `fill` write all of them.
    func storage(count: Int, fill: (UnsafeMutableBufferPointer<Float>) -> Void) -> FloatStorage {
        let size = Self.footprint(count)
        let start = used.withLock { used in
            precondition(size <= capacity - used, "the arena was made for fewer weights")
            defer { used += size }
            return used
        }
        let part = unsafe memory.base + start
        unsafe fill(UnsafeMutableBufferPointer(start: part, count: count))
        return unsafe FloatStorage(at: UnsafePointer(part), count: count, in: self)
    }
}
