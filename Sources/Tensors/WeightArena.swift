import Glibc
import Synchronization

/// Memory for weights that are read one after another: in a row, and on large pages where the system gives them, which saves
/// looking up where thousands of small ones are.
///
/// Given out in order, and freed when nothing uses any of it.
@safe package final class WeightArena: Sendable {
    /// Each part is written once, by who gets it, before anyone else sees it; hence safe to share.
    nonisolated(unsafe) private let base: UnsafeMutablePointer<Float>
    private let capacity: Int
    private let used = Mutex(0)

    private static let largePage = 2 << 20

    /// Room for `capacity` floats, each part of it counted by `footprint(_:)`.
    package init(capacity: Int) {
        self.capacity = capacity
        let bytes = max(capacity, 1) * MemoryLayout<Float>.stride
        // What is not a multiple would leave the last weights on small pages.
        let size = (bytes + Self.largePage - 1) / Self.largePage * Self.largePage
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.largePage)
        unsafe madvise(memory, size, MADV_HUGEPAGE)
        unsafe base = memory.bindMemory(to: Float.self, capacity: size / MemoryLayout<Float>.stride)
    }

    deinit { unsafe base.deallocate() }

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
        let memory = unsafe UnsafeMutableBufferPointer(start: base + start, count: count)
        unsafe memory.initialize(repeating: 0)
        unsafe fill(memory)
        return unsafe FloatStorage(at: UnsafePointer(base + start), count: count, in: self)
    }
}
