package import LineProtocol

/// Answers the calls that a ``SocketServer`` has read.
package protocol RequestHandler: Sendable {
    /// Answers one call; runs at once with others, of the same connection too.
    ///
    /// A `ProtocolError` is passed on to the client, `CancellationError` becomes "cancelled"; any other error is logged and
    /// becomes an internal error that does not show what it was. The task is cancelled when the client cancels the
    /// request or goes away.
    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable

    /// Answers one call on the calling thread, or returns nil to have it answered as the others are.
    ///
    /// Asked only where no other request is to be answered at the moment. The thread is the one that reads for all
    /// connections, so what takes more than a few milliseconds must be left to ``answer(_:context:)``.
    func answerAtOnce(_ call: Call, context: RequestContext) throws -> (any Encodable & Sendable)?
}

extension RequestHandler {
    package func answerAtOnce(_ call: Call, context: RequestContext) throws -> (any Encodable & Sendable)? { nil }
}

/// Where a call came from, and what can be told to its connection before the reply.
package struct RequestContext: Sendable {
    package let peer: Peer
    /// The connection's number; never used again by this server.
    package let connection: UInt64
    /// Whether the request has a progress token; without one, progress goes nowhere.
    package let wantsProgress: Bool
    /// Whether it is the daemon's own question whether it answers.
    package let isOwn: Bool
    private let onProgress: @Sendable (JSONValue) -> Void
    private let onWait: @Sendable () -> Void

    package init(
        peer: Peer,
        connection: UInt64,
        wantsProgress: Bool = false,
        isOwn: Bool = false,
        onProgress: @escaping @Sendable (JSONValue) -> Void = { _ in },
        onWait: @escaping @Sendable () -> Void = {}
    ) {
        self.peer = peer
        self.connection = connection
        self.wantsProgress = wantsProgress
        self.isOwn = isOwn
        self.onProgress = onProgress
        self.onWait = onWait
    }

    /// Sends a `$/progress` notification if the request has a token.
    ///
    /// Dropped while the client does not read.
    package func progress(_ value: JSONValue) {
        if wantsProgress { onProgress(value) }
    }

    /// From now on the request waits for a burst and no longer counts as one in flight.
    ///
    /// What it was sent for is committed: when the server shuts down, its task is cancelled and the client is told so.
    package func waitsForBurst() { onWait() }
}
