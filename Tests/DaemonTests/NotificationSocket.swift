import Foundation
import Synchronization

/// The socket that a service tells its manager on how it is, from the manager's end.
final class NotificationSocket: Sendable {
    struct Failure: Error {
        let code: Int32
    }

    let path: String
    private let descriptor: Int32
    private let lines = Mutex<Set<String>>([])

    /// Every line that has come.
    var received: Set<String> { lines.withLock { $0 } }

    init(path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0, Self.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            throw Failure(code: errno)
        }
    }

    deinit { close(descriptor) }

    /// Reads messages until one has the line `good` (true) or `bad` (false), and goes on reading until `bad`, so that the
    /// sender never waits; blocks a thread of its own, not the pool.
    func wait(for good: String, orEnd bad: String) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var buffer = [UInt8](repeating: 0, count: 4096)
                var waiting: CheckedContinuation<Bool, Never>? = continuation
                while true {
                    let count = recv(descriptor, &buffer, buffer.count, 0)
                    if count < 0, errno == EINTR { continue }
                    let lines = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
                    self.lines.withLock { $0.formUnion(lines.map(String.init)) }
                    let isOver = count < 0 || lines.contains(Substring(bad))
                    if isOver || lines.contains(Substring(good)) {
                        waiting?.resume(returning: !isOver)
                        waiting = nil
                    }
                    if isOver { return }
                }
            }
        }
    }

    /// Sends `message` to the socket at `path`.
    static func send(_ message: String, to path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        _ = withAddress(path) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    /// Calls `body` with the address of the socket at `path`.
    static func withAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
