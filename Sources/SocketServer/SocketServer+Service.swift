import CLinux
import Glibc
import NIOCore
import NIOPosix

extension SocketServer {
    /// Goes by `policy` and `limits` from now on, for the clients that are connected too.
    package func reconfigure(policy: AccessPolicy, limits: ServerLimits) async throws {
        let table = table
        let limits = limits.withinDescriptors()
        try await table.eventLoop.submit { table.value.reconfigure(policy: policy, limits: limits) }.get()
    }

    /// A connection of the daemon to itself, which is read, parsed and answered as any client's; the caller's end of it.
    ///
    /// - Throws: `SocketError` when the system has no descriptors left.
    package func connectToSelf() async throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw SocketError(kind: .system(errno: errno), socket: "socketpair", reason: reason)
        }
        let table = table
        do {
            _ = try await ClientBootstrap(group: table.eventLoop)
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Connection(table: table.value, isOwn: true))
                    }
                }
                .withConnectedSocket(ends[0]).get()
        } catch {
            close(ends[1])
            throw error
        }
        return ends[1]
    }

    /// Keeps the event loop from doing anything ever again: for tests of those who watch over it.
    package func block() {
        table.eventLoop.execute { while true { pause() } }
    }
}
