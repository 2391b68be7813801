public import LineProtocol

/// Why a call had no result.
public enum ClientError: Error, Sendable, Hashable {
    /// Why nobody answers at a path.
    public enum Obstacle: Sendable, Hashable {
        /// There is nothing at this path.
        case noSuchFile
        /// There is a socket, and nobody listens on it.
        case refused
        /// The user may not open the socket.
        case permissionDenied
        /// There is something else than a socket.
        case notASocket
        /// The path does not fit into a socket's address.
        case pathTooLong
        /// The daemon did not accept the connection in time.
        case busy
        /// The system refused with this error number.
        case system(Int32)
    }

    /// No connection could be made.
    case unreachable(path: String, Obstacle)
    /// The connection ended before the reply came.
    case closed
    /// The daemon answered with an error.
    case protocolError(ProtocolError)
    /// The daemon sent something that is not a reply to this call; the text says what.
    case malformedReply(String)
    /// The call cannot be sent; the text says why.
    case invalidCall(String)
    /// No reply came in the time that was given; whether the call was carried out is not known.
    case timedOut
    /// The task was cancelled; whether the call was carried out is not known.
    case cancelled
}

extension ClientError: CustomStringConvertible {
    /// What went wrong and what might be done about it.
    public var description: String {
        switch self {
        case .unreachable(let path, let obstacle): "cannot connect to \(path): \(obstacle)"
        case .closed: "the daemon closed the connection before it replied"
        case .protocolError(let error): error.message
        case .malformedReply(let what): "the daemon's reply cannot be understood: \(what)"
        case .invalidCall(let why): "the call cannot be sent: \(why)"
        case .timedOut: "the daemon did not reply in time"
        case .cancelled: "the call was cancelled"
        }
    }
}

extension ClientError.Obstacle: CustomStringConvertible {
    /// What is in the way.
    public var description: String {
        switch self {
        case .noSuchFile: "there is no such socket; is the daemon running?"
        case .refused: "nobody listens on this socket; the daemon has stopped"
        case .permissionDenied: "permission denied; is this user in the socket's group?"
        case .notASocket: "this is not a socket"
        case .pathTooLong: "a socket's path has at most 107 bytes"
        case .busy: "the daemon does not accept connections in time"
        case .system(let number): "system error \(number)"
        }
    }
}
