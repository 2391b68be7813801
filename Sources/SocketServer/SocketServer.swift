package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Serves the line protocol on a Unix-domain socket; knows lines and calls, and nothing of what answers them.
///
/// All connections belong to one event loop: reading, cutting and replying is little work, and what they have in common needs no
/// lock. Calls are answered on the cooperative pool; one that is alone, and short, at once on the loop's own thread.
package final class SocketServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let socket: ListeningSocket
    let table: NIOLoopBound<ConnectionTable>
    private let outlook: ServerOutlook
    private let logger: Logger
    private let isStopping = Atomic(false)

    private init(
        group: MultiThreadedEventLoopGroup,
        listener: any Channel,
        socket: ListeningSocket,
        table: NIOLoopBound<ConnectionTable>,
        outlook: ServerOutlook,
        logger: Logger
    ) {
        self.group = group
        self.listener = listener
        self.socket = socket
        self.table = table
        self.outlook = outlook
        self.logger = logger
    }

    /// Starts to accept connections; takes over the socket's descriptor.
    package static func start(
        on socket: ListeningSocket,
        policy: AccessPolicy,
        limits: ServerLimits = ServerLimits(),
        logger: Logger,
        handler: any RequestHandler
    ) async throws -> SocketServer {
        let limits = limits.withinDescriptors()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let outlook = ServerOutlook()
        let table = try await loop.submit {
            NIOLoopBound(
                ConnectionTable(limits: limits, policy: policy, handler: handler, logger: logger, outlook: outlook),
                eventLoop: loop
            )
        }.get()
        let bootstrap = ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let most = table.value.limits.unreadBytes
                    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: most / 4, high: most))
                    try channel.pipeline.syncOperations.addHandler(Connection(table: table.value))
                }
            }
        do {
            let listener = try await bootstrap.withBoundSocket(socket.descriptor).get()
            logger.info(
                "listening",
                metadata: ["socket": "\(socket.path ?? "inherited")", "connections": "\(limits.connections)"]
            )
            // The listener closes by itself only when accepting fails for good; what is in flight is answered then too.
            listener.closeFuture.whenComplete { _ in table.value.drain() }
            return SocketServer(
                group: group,
                listener: listener,
                socket: socket,
                table: table,
                outlook: outlook,
                logger: logger
            )
        } catch {
            socket.removeFile()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// How many connections are open.
    package var connectionCount: Int { outlook.connections.load(ordering: .relaxed) }

    /// Returns when the server has been shut down and every connection is closed.
    package func run() async {
        await outlook.waitForEnd()
    }

    /// Accepts no more, answers what is in flight, closes, and removes the socket's file if it was bound here.
    ///
    /// New requests of connections that are still open are refused. After `limit` what is left is closed unanswered.
    package func shutdown(within limit: Duration = .seconds(30)) async {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return await run() }
        try? await listener.close().get()
        socket.removeFile()
        let table = table
        let deadline = table.eventLoop.scheduleTask(in: TimeAmount(limit)) { table.value.abandon() }
        await outlook.waitForEnd()
        deadline.cancel()
        // A task that outlives the limit still comes back to the loop, which then must be there.
        let isQuiet = (try? await table.eventLoop.submit { table.value.isQuiet }.get()) ?? false
        if isQuiet {
            try? await group.shutdownGracefully()
        } else {
            logger.warning("requests were still being answered when the time to shut down was over")
        }
    }
}
