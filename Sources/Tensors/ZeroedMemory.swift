import Glibc

/// Memory for floats, all zero.
///
/// Megabytes are mapped and take the machine's memory only as they are used, by large pages where the system gives them:
/// values that are far apart are then found without looking up thousands of small ones.
@safe final class ZeroedMemory: Sendable {
    /// At the start of a cache line; who has the memory says who may write where, hence safe to share.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
    /// What the system mapped for it; nil where it comes from the heap.
    private let mapping: (start: UInt, size: Int)?

    private static let largePage = 2 << 20

    /// Room for `count` floats.
    init(count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard bytes >= Self.largePage else {
            unsafe base = .allocate(aligned: bytes, count: count)
            mapping = nil
            return
        }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let size = (bytes + page - 1) / page * page
        // Room to begin at a large page's start; what is before it and after it is given back.
        let start = unsafe mmap(
            nil, size + Self.largePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else {
            preconditionFailure("the system has no memory for \(bytes) bytes")
        }
        let aligned = unsafe start.alignedUp(toMultipleOf: Self.largePage)
        let before = unsafe aligned - start
        if before > 0 { unsafe munmap(start, before) }
        if before < Self.largePage { unsafe munmap(aligned + size, Self.largePage - before) }
        // The end that is no whole large page stays on small ones, so that no memory is taken beyond what is asked for.
        unsafe madvise(aligned, bytes / Self.largePage * Self.largePage, MADV_HUGEPAGE)
        unsafe base = aligned.bindMemory(to: Float.self, capacity: count)
        mapping = (UInt(bitPattern: aligned), size)
    }

    deinit {
        if let mapping {
            unsafe munmap(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.size)
        } else {
            unsafe base.deallocate()
        }
    }
}

extension UnsafeMutablePointer<Float> {
    /// `count` zeros from the heap, at the start of a cache line.
    fileprivate static func allocate(aligned bytes: Int, count: Int) -> UnsafeMutablePointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        return unsafe memory.bindMemory(to: Float.self, capacity: count)
    }
}
