import Synchronization

/// Memory for weights that are read one after another: in a row, and on large pages where the system gives them.
///
/// Given out in order, and freed when nothing uses any of it.
@safe package final class WeightArena: Sendable {
    /// Each part is written once, by who gets it, before anyone else sees it.
    private let memory: ZeroedMemory
    private let capacity: Int
    private let used: Mutex<Int>

    /// Room for `capacity` floats, each part of it counted by `footprint(_:)`.
    package init(capacity: Int) {
        self.capacity = capacity
        memory = ZeroedMemory(count: capacity)
        used = Mutex(0)
    }

    /// What is given out of `whole` next: `capacity` floats, so that they stay in a row whatever else is put into it.
    package init(_ capacity: Int, of whole: WeightArena) {
        let start = whole.take(capacity)
        memory = whole.memory
        self.capacity = start + capacity
        used = Mutex(start)
    }

    /// Floats that `count` take here: up to a full cache line.
    package static func footprint(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// Gives out memory for `count` floats and lets `fill` write all of them.
    func storage(count: Int, fill: (UnsafeMutableBufferPointer<Float>) -> Void) -> FloatStorage {
        let part = unsafe memory.base + take(Self.footprint(count))
        unsafe fill(UnsafeMutableBufferPointer(start: part, count: count))
        return unsafe FloatStorage(at: UnsafePointer(part), count: count, in: self)
    }

    /// Where the next `size` floats begin, which nobody else is given.
    private func take(_ size: Int) -> Int {
        used.withLock { used in
            precondition(size <= capacity - used, "the arena was made for fewer weights")
            defer { used += size }
            return used
        }
    }
}
