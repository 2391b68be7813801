import Glibc

/// A regular file mapped for reading; the pages are valid as long as the object lives.
@safe final class MappedFile: Sendable {
    /// Mapped read-only and private; nobody writes through it.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(path: String) throws(SafetensorsError) {
        // O_NONBLOCK: a FIFO in place of the file must not hold us up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SafetensorsError(path, unsafe String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw SafetensorsError(path, unsafe String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SafetensorsError(path, "not a regular file") }
        let size = Int(status.st_size)
        guard size > 0 else {
            unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe base != MAP_FAILED else {
            throw SafetensorsError(path, "cannot be mapped: \(unsafe String(cString: strerror(errno)))")
        }
        unsafe bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        if let base = unsafe bytes.baseAddress {
            _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }
}
