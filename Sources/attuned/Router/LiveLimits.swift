import SocketServer
import Synchronization

/// The limits that hold now; a reload may change them.
final class LiveLimits: Sendable {
    private struct Values {
        var server: ServerLimits
        var labels: (count: Int, bytes: Int)
    }

    private let values: Mutex<Values>

    init(_ settings: Settings) {
        values = Mutex(Values(server: settings.serverLimits, labels: settings.labelLimits))
    }

    /// Those of the socket.
    var server: ServerLimits { values.withLock { $0.server } }

    /// Most different labels, and the longest one in bytes.
    var labels: (count: Int, bytes: Int) { values.withLock { $0.labels } }

    func take(_ settings: Settings) {
        let new = Values(server: settings.serverLimits, labels: settings.labelLimits)
        values.withLock { $0 = new }
    }
}
