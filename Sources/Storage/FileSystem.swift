import CLinux
import Crypto
import Foundation
import Glibc

/// The file operations of the store: durable where they say so, and each announced to the hook first.
struct FileSystem: Sendable {
    let hook: (@Sendable (StorageStep) throws(StorageError) -> Void)?

    func announce(_ step: StorageStep) throws(StorageError) {
        try hook?(step)
    }

    /// Creates a directory that only its owner may enter.
    func makeDirectory(_ path: String) throws(StorageError) {
        try announce(.makeDirectory(Self.name(path)))
        guard unsafe mkdir(path, 0o700) == 0 else { throw .system("create", path, errno) }
    }

    /// Writes a new file, read-only from then on, and waits until it is on disk.
    func write(_ data: Data, to path: String) throws(StorageError) -> (size: Int, digest: ContentDigest) {
        try announce(.write(Self.name(path)))
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard file >= 0 else { throw .system("create", path, errno) }
        defer { close(file) }
        var rest = data[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw .system("write", path, errno)
            }
            rest = rest.dropFirst(written)
        }
        try announce(.sync(Self.name(path)))
        guard fsync(file) == 0 else { throw .system("sync", path, errno) }
        return (data.count, ContentDigest(of: data))
    }

    /// Lets `writer` make the file, then makes it read-only and waits until it is on disk.
    func write(
        _ path: String, by writer: (String) throws -> Void
    ) throws(StorageError) -> (size: Int, digest: ContentDigest) {
        try announce(.write(Self.name(path)))
        do {
            try writer(path)
        } catch {
            throw Self.failure(error, writing: path)
        }
        let result = try Self.hash(path)
        guard unsafe chmod(path, 0o400) == 0 else { throw .system("change the mode of", path, errno) }
        try sync(path)
        return result
    }

    /// Waits until a file, or a directory's entries, are on disk.
    ///
    /// After an error from it nobody knows what is on disk, and asking again would be answered wrongly.
    func sync(_ path: String) throws(StorageError) {
        try announce(.sync(Self.name(path)))
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .system("open", path, errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw .system("sync", path, errno) }
    }

    /// Gives a file a second name.
    func link(_ path: String, as new: String) throws(StorageError) {
        try announce(.link(Self.name(new)))
        guard unsafe Glibc.link(path, new) == 0 else { throw .system("link \(path) as", new, errno) }
    }

    /// Renames to a name that must not exist yet.
    func rename(_ path: String, to new: String) throws(StorageError) {
        try announce(.rename(Self.name(new)))
        guard unsafe clinux_rename_new(path, new) == 0 else { throw .system("rename \(path) to", new, errno) }
    }

    /// Makes `path` a symbolic link to `target`, or nothing, in one step.
    func replaceLink(_ path: String, target: String?) throws(StorageError) {
        try announce(.replaceLink(Self.name(path)))
        guard let target else {
            guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path, errno) }
            return
        }
        let temporary = path + StateDirectory.temporarySuffix
        _ = unsafe unlink(temporary)
        guard unsafe symlink(target, temporary) == 0 else { throw .system("create", temporary, errno) }
        guard unsafe Glibc.rename(temporary, path) == 0 else { throw .system("replace", path, errno) }
    }

    /// Removes a file, a link, or a directory with all that is in it; nothing there is fine.
    func remove(_ path: String) throws(StorageError) {
        try announce(.remove(Self.name(path)))
        if unsafe unlink(path) == 0 { return }
        switch errno {
        case ENOENT: return
        case EISDIR:
            for name in try Self.contents(path) { try remove("\(path)/\(name)") }
            try announce(.remove(Self.name(path)))
            guard unsafe rmdir(path) == 0 else { throw .system("remove", path, errno) }
        case let number: throw .system("remove", path, number)
        }
    }

    /// Lets only its owner read and write a file.
    func protect(_ path: String) throws(StorageError) {
        guard unsafe chmod(path, 0o600) == 0 else { throw .system("change the mode of", path, errno) }
    }

    /// Whether there is anything at `path`.
    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// Whether there is a directory at `path` itself, not at the end of a symbolic link.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a directory, sorted.
    static func contents(_ path: String) throws(StorageError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw StorageError(.inputOutput, "cannot read directory \(path): \(error)")
        }
    }

    /// The size and SHA-256 of a regular file; a symbolic link is refused unless `followsLink`.
    ///
    /// - Parameter memo: what may know it already.
    static func hash(
        _ path: String, followsLink: Bool = false, memo: DigestMemo? = nil
    ) throws(StorageError) -> (size: Int, digest: ContentDigest) {
        // O_NONBLOCK: a FIFO in place of the file must not hold us up.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW))
        guard file >= 0 else { throw .system("open", path, errno) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .system("look at", path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(.corrupt, "\(path) is not a regular file")
        }
        guard let memo else { return try hash(file, of: path) }
        let digest = try memo.digest(of: status) { () throws(StorageError) in try hash(file, of: path).digest }
        return (Int(status.st_size), digest)
    }

    private static func hash(
        _ file: Int32, of path: String
    ) throws(StorageError) -> (size: Int, digest: ContentDigest) {
        var hasher = SHA256()
        var size = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("read", path, errno)
            }
            if count == 0 { break }
            size += count
            unsafe buffer.withUnsafeBytes { unsafe hasher.update(bufferPointer: .init(rebasing: $0[..<count])) }
        }
        return (size, ContentDigest(hasher.finalize()))
    }

    /// What Foundation says in many words, by the system's number where there is one.
    private static func failure(_ error: any Error, writing path: String) -> StorageError {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        let cause = (underlying ?? error) as NSError
        guard cause.domain == NSPOSIXErrorDomain else {
            return StorageError(.inputOutput, "cannot write \(path): \(error)")
        }
        return .system("write", path, Int32(truncatingIfNeeded: cause.code))
    }

    private static func name(_ path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
