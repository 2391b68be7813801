import LineProtocol
import Logging
import Synchronization

/// What the connections of one server have in common; belongs to their event loop.
final class ConnectionTable {
    private(set) var limits: ServerLimits
    private(set) var policy: AccessPolicy
    let handler: any RequestHandler
    let logger: Logger
    let outlook: ServerOutlook

    private(set) var isDraining = false
    private var connections: [UInt64: Connection] = [:]
    private var own: [UInt64: Connection] = [:]
    private var byUser: [UInt32: Int] = [:]
    var traffic = Traffic()
    /// Bytes of replies that the kernel has not taken yet, of all connections.
    var unsentBytes = 0
    private var lastNumber: UInt64 = 0

    init(
        limits: ServerLimits,
        policy: AccessPolicy,
        handler: any RequestHandler,
        logger: Logger,
        outlook: ServerOutlook
    ) {
        self.limits = limits
        self.policy = policy
        self.handler = handler
        self.logger = logger
        self.outlook = outlook
    }

    /// Whether tasks of closed connections are still running.
    var isQuiet: Bool { traffic.tasks == 0 }

    /// A number for a new connection.
    func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Goes by `policy` and `limits` from now on; connections that there are keep their longest line, and
    /// how much they may leave unread.
    func reconfigure(policy: AccessPolicy, limits: ServerLimits) {
        self.policy = policy
        self.limits = limits
        for connection in connections.values { connection.reconsider(policy) }
    }

    /// Counts a connection, or says why it is one too many; the daemon's own is no client and not counted.
    func admit(_ connection: Connection, of peer: Peer) throws(ProtocolError) {
        if isDraining { throw .shuttingDown }
        if connection.isOwn {
            own[connection.number] = connection
            return
        }
        guard connections.count < limits.connections else {
            throw refusal("the daemon has \(limits.connections) connections; \(limits.connectionBound) allows no more")
        }
        guard peer.uid == 0 || byUser[peer.uid, default: 0] < limits.connectionsPerUser else {
            throw refusal(
                "user \(peer.uid) has \(limits.connectionsPerUser) connections; limits.connectionsPerUser allows no more"
            )
        }
        connections[connection.number] = connection
        outlook.connections.add(1, ordering: .relaxed)
        byUser[peer.uid, default: 0] += 1
    }

    /// Forgets a connection that was admitted, or does nothing where that has been done.
    func remove(_ connection: Connection, of peer: Peer) {
        own[connection.number] = nil
        guard connections.removeValue(forKey: connection.number) != nil else { return finishIfDrained() }
        outlook.connections.subtract(1, ordering: .relaxed)
        byUser[peer.uid] = byUser[peer.uid].flatMap { $0 > 1 ? $0 - 1 : nil }
        finishIfDrained()
    }

    func taskStarted() { traffic.begin() }

    func taskEnded(isAside: Bool = false) {
        traffic.end(isAside: isAside)
        finishIfDrained()
    }

    /// Lets every connection finish what it has begun and close.
    func drain() {
        isDraining = true
        for connection in Array(connections.values) + Array(own.values) { connection.drain() }
        finishIfDrained()
    }

    /// Closes every connection now, and stops waiting for tasks.
    func abandon() {
        for connection in Array(connections.values) + Array(own.values) { connection.abandon() }
        outlook.end()
    }

    private func finishIfDrained() {
        if isDraining, connections.isEmpty, own.isEmpty, isQuiet { outlook.end() }
    }

    private func refusal(_ message: String) -> ProtocolError {
        ProtocolError(.overloaded, .tooManyConnections, message, details: JSONObject([retryAfter]))
    }

    private var retryAfter: JSONObject.Member { .init(name: "retryAfterMs", value: 1000) }
}
