import CLinux
import Glibc

/// A Unix-domain socket that is bound to its path, or was handed over by the service manager.
///
/// Whoever holds it owns the descriptor and passes it on to a ``SocketServer``. A caller that binds holds the lock of its state
/// directory already: between finding a stale socket and removing it nothing else keeps a second daemon out.
package struct ListeningSocket: Sendable {
    /// The longest path in bytes; Linux allows 107, other systems and the network library 103.
    package static let pathLimit = 103

    package let descriptor: Int32
    /// Nil for an inherited socket without a path.
    package let path: String?
    /// The group of the socket's file, whose members may connect.
    package let group: UInt32?
    /// What the socket's file was when it was bound; nil if it was inherited and so is not ours to remove.
    let file: FileIdentity?

    struct FileIdentity: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
    }

    /// Checks that a socket can have `path` as its address, whatever is there.
    package static func check(path: String) throws(SocketError) {
        guard !path.isEmpty, path.utf8.count <= pathLimit, !path.utf8.contains(0) else {
            throw SocketError(
                kind: .pathTooLong,
                socket: path,
                reason: "a socket's path has 1 to \(pathLimit) bytes; this one has \(path.utf8.count)"
            )
        }
    }

    /// Binds `path` with mode 0660, over a stale socket if need be.
    package static func bind(path: String) throws(SocketError) -> ListeningSocket {
        try check(path: path)
        try removeStale(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0)
        guard descriptor >= 0 else { throw failure("cannot make a socket", path) }
        do throws(SocketError) {
            // The file takes its mode from the descriptor, so there is no moment in which anyone else may connect.
            guard fchmod(descriptor, 0o600) == 0, unsafe clinux_bind(descriptor, path) == 0 else {
                throw failure("cannot bind", path)
            }
            guard unsafe chmod(path, 0o660) == 0, let status = status(path) else {
                throw failure("cannot set the socket's mode", path)
            }
            return ListeningSocket(
                descriptor: descriptor,
                path: path,
                group: status.st_gid,
                file: FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            )
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Takes over a listening socket, such as descriptor 3 of a socket-activated service.
    package static func inherited(_ descriptor: Int32) throws(SocketError) -> ListeningSocket {
        var path = [CChar](repeating: 0, count: 128)
        let length = unsafe clinux_bound_path(descriptor, &path, Int32(path.count))
        guard length >= 0, option(SO_TYPE, descriptor) == Int32(SOCK_STREAM.rawValue),
            option(SO_ACCEPTCONN, descriptor) == 1
        else {
            throw SocketError(
                kind: .notListening,
                socket: "descriptor \(descriptor)",
                reason: "is not a listening Unix-domain stream socket"
            )
        }
        let flags = fcntl(descriptor, F_GETFD)
        guard flags >= 0, fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) == 0 else {
            throw failure("cannot be closed on exec", "descriptor \(descriptor)")
        }
        let text = String(decoding: path.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return ListeningSocket(
            descriptor: descriptor,
            path: text.isEmpty ? nil : text,
            group: text.isEmpty ? nil : status(text)?.st_gid,
            file: nil
        )
    }

    /// Removes the socket's file if it is still the one that was bound.
    func removeFile() {
        guard let path, let file, let status = Self.status(path),
            file == FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        else { return }
        unsafe unlink(path)
    }

    /// Removes a socket's file that nobody listens on, and refuses anything else that is there.
    private static func removeStale(_ path: String) throws(SocketError) {
        guard let status = status(path) else {
            if errno == ENOENT { return }
            throw failure("cannot be looked at", path)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(
                kind: .notASocket,
                socket: path,
                reason: "exists and is not a socket; it is left alone, choose another path"
            )
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure("cannot make a socket", path) }
        defer { close(descriptor) }
        if unsafe clinux_connect(descriptor, path) == 0 || errno == EAGAIN {
            throw SocketError(kind: .inUse, socket: path, reason: "another process is listening on this socket")
        }
        switch errno {
        case ENOENT: return
        case ECONNREFUSED: break
        default: throw failure("cannot tell whether anyone listens", path)
        }
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove the stale socket", path) }
    }

    private static var closeOnExec: Int32 { Int32(SOCK_CLOEXEC.rawValue) }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }

    private static func option(_ name: Int32, _ descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    private static func failure(_ what: String, _ socket: String) -> SocketError {
        let number = errno
        return SocketError(kind: .system(errno: number), socket: socket, reason: "\(what): \(systemText(number))")
    }

    private static func systemText(_ number: Int32) -> String {
        var text = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
