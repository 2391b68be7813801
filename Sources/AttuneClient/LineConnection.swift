import Dispatch
import Foundation
import Glibc
import Synchronization

/// A connection to a Unix-domain socket that carries lines both ways.
///
/// Reading blocks a thread of its own; what the other end does not take at once is written by a queue of its own. Neither ever
/// blocks the cooperative pool. The connection closes when the last reference to it goes.
public final class LineConnection: Sendable {
    /// The longest line that is taken from the other end, in bytes.
    public static let lineLimit = 256 << 20

    private let descriptor: Descriptor
    private let writer = DispatchQueue(label: "attuned.client.writer")

    /// Connects to `path`.
    ///
    /// `onLine` gets each line without its terminator, in order, and `onEnd` is called once when no more will come; both on the
    /// reading thread.
    public init(
        path: String,
        onLine: @escaping @Sendable ([UInt8]) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) throws(ClientError) {
        let descriptor = try Descriptor(path: path)
        self.descriptor = descriptor
        let thread = Thread {
            descriptor.readLines(onLine)
            descriptor.shutDown(Int32(SHUT_RDWR))
            onEnd()
        }
        thread.name = "attuned.client"
        thread.start()
    }

    deinit { close() }

    /// Sends bytes, terminator included, behind those that were sent before.
    public func send(_ bytes: [UInt8]) {
        descriptor.queued.withLock { [descriptor] queued in
            let sent = queued == 0 ? descriptor.write(bytes[...], flags: Int32(MSG_DONTWAIT)) : 0
            guard sent < bytes.count else { return }
            queued += 1
            writer.async {
                _ = descriptor.write(bytes[sent...])
                descriptor.queued.withLock { $0 -= 1 }
            }
        }
    }

    /// Says that nothing more will be sent; replies still come.
    public func finishSending() {
        writer.async { [descriptor] in descriptor.shutDown(Int32(SHUT_WR)) }
    }

    /// Ends the connection both ways.
    public func close() { descriptor.shutDown(Int32(SHUT_RDWR)) }
}

/// A connected socket, closed when nobody uses it any more.
private final class Descriptor: Sendable {
    private let number: Int32
    /// How much of what was to be sent waits in the writer's queue, in pieces.
    let queued = Mutex(0)

    init(path: String) throws(ClientError) {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .unreachable(path: path, .system(errno)) }
        if let obstacle = Self.connect(number, path) {
            _ = Glibc.close(number)
            throw .unreachable(path: path, obstacle)
        }
        self.number = number
    }

    deinit { _ = Glibc.close(number) }

    func shutDown(_ how: Int32) { _ = shutdown(number, how) }

    /// Writes everything, or as much as the other end takes, and returns how much; that it takes no more shows in reading.
    func write(_ bytes: ArraySlice<UInt8>, flags: Int32 = 0) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(number, $0.baseAddress.map { $0 + sent }, bytes.count - sent, flags | Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                break
            }
            sent += count
        }
        return sent
    }

    func readLines(_ onLine: (([UInt8]) -> Void)) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var line: [UInt8] = []
        while true {
            let count = recv(number, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var rest = chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                onLine(line)
                line = []
                rest = rest[(end + 1)...]
            }
            line += rest
            guard line.count <= LineConnection.lineLimit else { return }
        }
    }

    private static func connect(_ number: Int32, _ path: String) -> ClientError.Obstacle? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return .pathTooLong
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // Limits the wait for a place in the daemon's queue of connections; lifted again for what is sent later.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        let error = errno
        patience.tv_sec = 0
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if result == 0 { return nil }
        switch error {
        case ENOENT, ENOTDIR: return .noSuchFile
        case EACCES, EPERM: return .permissionDenied
        case EAGAIN: return .busy
        case EPROTOTYPE: return .notASocket
        // What is no socket refuses as well.
        case ECONNREFUSED: return isSocket(path) ? .refused : .notASocket
        default: return .system(error)
        }
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK
    }
}
