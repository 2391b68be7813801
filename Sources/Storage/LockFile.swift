import Foundation
import Glibc
import Synchronization

/// An exclusive lock on a state directory, held as long as the object lives or until it is released.
///
/// The kernel gives it back when the process ends, however it ends. The file itself stays: removing it would let two
/// processes each lock a file of that name.
final class LockFile: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Takes the lock, and writes this process's id into the file for people where there is room.
    ///
    /// - Throws: `StorageError` with `locked` and the holder's process id if another has it.
    init(path: String) throws(StorageError) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw .system("open", path, errno) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            defer { Glibc.close(file) }
            guard number == EWOULDBLOCK else { throw .system("lock", path, number) }
            throw StorageError(.locked, "\(path) is held by \(Self.holder(file)); a state directory has one service")
        }
        // On a disk without room the lock holds all the same.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(file, 0) == 0 { _ = unsafe pwrite(file, text, text.count, 0) }
        descriptor = Mutex(file)
    }

    deinit { release() }

    /// Gives the lock back; again does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let file = descriptor {
                // A child that is about to execute something else may hold the descriptor a moment longer than we do.
                flock(file, LOCK_UN)
                Glibc.close(file)
            }
            descriptor = nil
        }
    }

    private static func holder(_ file: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let length = unsafe pread(file, &buffer, buffer.count, 0)
        let digits = String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return Int32(digits).map { "process \($0)" } ?? "another process"
    }
}
