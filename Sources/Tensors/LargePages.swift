import Glibc

/// Memory on large pages where the system gives them: values that are megabytes apart are then found without looking up
/// thousands of small ones.
enum LargePages {
    private static let size = 2 << 20

    /// Memory for `count` floats, undefined, at the start of a cache line; the caller deallocates it.
    static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard bytes >= size else {
            return unsafe UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
                .bindMemory(to: Float.self, capacity: count)
        }
        // What is not a multiple would leave the end on small pages.
        let whole = (bytes + size - 1) / size * size
        let memory = UnsafeMutableRawPointer.allocate(byteCount: whole, alignment: size)
        unsafe madvise(memory, whole, MADV_HUGEPAGE)
        return unsafe memory.bindMemory(to: Float.self, capacity: whole / MemoryLayout<Float>.stride)
    }
}
