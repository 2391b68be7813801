import SocketServer
import Synchronization

/// What one request may ask for, and how much may be kept.
struct ContentLimits: Sendable {
    /// Texts of one request, and the bytes of each.
    let inputs: Int
    let textBytes: Int
    /// Different labels, and the bytes of each.
    let labels: Int
    let labelBytes: Int
    /// Corrections in force, bytes of the journal and of the whole state.
    let corrections: Int
    let journalBytes: Int
    let stateBytes: Int
}

/// The limits that hold now; a reload may change them.
final class LiveLimits: Sendable {
    private let values: Mutex<(server: ServerLimits, content: ContentLimits)>

    init(_ settings: Settings) {
        values = Mutex(Self.limits(settings))
    }

    /// Those of the socket.
    var server: ServerLimits { values.withLock { $0.server } }

    /// Those of what comes through it.
    var content: ContentLimits { values.withLock { $0.content } }

    /// Those of `settings`, as far as the process has room for them.
    private static func limits(_ settings: Settings) -> (ServerLimits, ContentLimits) {
        (settings.serverLimits.withinDescriptors(), settings.contentLimits)
    }

    func take(_ settings: Settings) {
        let new = Self.limits(settings)
        values.withLock { $0 = new }
    }
}
