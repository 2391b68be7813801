import Glibc
import LineProtocol

/// How much one server takes on; the defaults are the protocol's.
package struct ServerLimits: Sendable, Equatable {
    package var lineBytes = Limits.lineBytes
    package var inFlight = Limits.inFlight
    /// Requests of one connection that wait for a burst; past that its requests are not read.
    package var waiting = 1024
    package var connections = Limits.connections
    /// What bounds `connections`, for the error of one too many.
    package private(set) var connectionBound = "limits.connections"
    package var connectionsPerUser = Limits.connectionsPerUser
    /// Bytes of one reply.
    package var replyBytes = Limits.replyBytes
    /// Bytes of replies that wait for one client to read them; past that its requests are not read.
    package var unreadBytes = 256 << 10
    /// Bytes of replies that wait for clients to read them, in all; past that nobody gets more than `unreadBytes`.
    package var unreadBytesInAll = 256 << 20

    package init() {}

    /// Descriptors that the rest of the process may need.
    private static let reservedDescriptors = 64

    /// These limits, with so many connections at most that the process does not run out of descriptors.
    ///
    /// Accepting without a descriptor left fails and is tried again at once, for ever.
    package func withinDescriptors() -> ServerLimits {
        var limits = self
        var descriptors = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 {
            let room = Int(clamping: descriptors.rlim_cur) - Self.reservedDescriptors
            if limits.connections > max(room, 1) {
                limits.connections = max(room, 1)
                limits.connectionBound = "the limit on open files (LimitNOFILE in the unit, ulimit -n)"
            }
        }
        return limits
    }
}
