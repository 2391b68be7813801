import Foundation

/// A Unix-domain socket of the test's own, bound to a path in a new temporary folder.
final class UnixSocket {
    let descriptor: Int32
    let path: String

    /// Binds a socket of `type` (`SOCK_DGRAM`, `SOCK_STREAM`), listening where it can.
    init(_ type: __socket_type) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sv-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("s").path
        descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        precondition(path.utf8.count < capacity, "the temporary folder's path is too long for a socket")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        if type == SOCK_STREAM { listen(descriptor, 4) }
    }

    /// The next datagram, at most a second from now: what should come is sent before this is called.
    func datagram() -> String? {
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = recv(descriptor, &buffer, buffer.count, 0)
        return length < 0 ? nil : String(decoding: buffer[..<length], as: UTF8.self)
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }
}
