import Glibc

/// Memory on large pages where the system gives them: values that are megabytes apart are then found without looking up
/// thousands of small ones.
enum LargePages {
    private static let size = 2 << 20

    /// Memory for `count` floats, undefined, at the start of a cache line; the caller deallocates it.
    static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes < size ? 64 : size)
        // The end that is no whole large page stays on small ones, so that no memory is taken beyond what is asked for.
        if bytes >= size { unsafe madvise(memory, bytes / size * size, MADV_HUGEPAGE) }
        return unsafe memory.bindMemory(to: Float.self, capacity: count)
    }
}
