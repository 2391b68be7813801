import SocketServer
import Synchronization

/// The server's open connections; the server is made after the router that reports them.
final class ConnectionCount: Sendable {
    private let server = Mutex<SocketServer?>(nil)

    var value: Int { server.withLock { $0 }?.connectionCount ?? 0 }

    func attach(_ server: SocketServer) { self.server.withLock { $0 = server } }
}
