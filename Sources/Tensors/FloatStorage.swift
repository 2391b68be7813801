import Glibc

/// Immutable floats that outlive every view of them: owned memory, or a part of a mapped file.
@safe package final class FloatStorage: Sendable {
    /// Read by any number of threads, written by none once `init` has returned; hence safe to share.
    nonisolated(unsafe) let base: UnsafePointer<Float>
    package let count: Int
    private let owner: Owner

    /// Whose the memory is, and so what keeps it alive.
    private enum Owner {
        case memory(ZeroedMemory)
        case mapping(any AnyObject & Sendable)
        case arena(WeightArena)
    }

    /// Allocates `count` floats aligned to a cache line, which are zero, and lets `fill` write them.
    package init(count: Int, fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        let memory = ZeroedMemory(count: count)
        try unsafe fill(UnsafeMutableBufferPointer(start: memory.base, count: count))
        unsafe base = UnsafePointer(memory.base)
        self.count = count
        owner = .memory(memory)
    }

    /// Borrows `count` floats at `base`, in a read-only mapping of a file that stays as it is as long as `owner` lives.
    package init(borrowing base: UnsafePointer<Float>, count: Int, from owner: any AnyObject & Sendable) {
        unsafe self.base = base
        self.count = count
        self.owner = .mapping(owner)
    }

    /// `count` floats at `base`, which `arena` has given out and which are not written any more.
    init(at base: UnsafePointer<Float>, count: Int, in arena: WeightArena) {
        unsafe self.base = base
        self.count = count
        owner = .arena(arena)
    }

    /// Takes a mapped file's pages out of this process's memory; they come back when they are read again.
    ///
    /// Does nothing to memory that is no file's.
    func letGo() {
        guard case .mapping = owner else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let (start, end) = unsafe (UInt(bitPattern: base), UInt(bitPattern: base + count))
        let (first, last) = ((start + page - 1) / page * page, end / page * page)
        guard first < last else { return }
        unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(last - first), MADV_DONTNEED)
    }
}
