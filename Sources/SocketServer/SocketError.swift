/// Why a socket cannot be listened on; the text names the path and what to do.
package struct SocketError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    package enum Kind: Sendable, Equatable {
        /// The path does not fit into a socket's address.
        case pathTooLong
        /// Someone answers at this path already.
        case inUse
        /// Something other than a socket is at this path.
        case notASocket
        /// The descriptor that was handed over is not a listening Unix-domain socket.
        case notListening
        /// The system refused.
        case system(errno: Int32)
    }

    package let kind: Kind
    /// The path, or the number of the descriptor.
    package let socket: String
    package let reason: String

    package var description: String { "\(socket): \(reason)" }
}
