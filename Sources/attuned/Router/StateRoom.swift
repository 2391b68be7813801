import LineProtocol
import Logging
import Storage
import Synchronization

/// How much the state may still grow before corrections are refused.
///
/// To look at every file for every correction would take too long: it is done now and then, and what has been added since is
/// reckoned.
final class StateRoom: Sendable {
    private struct Measured {
        var size = StateSize()
        var at: ContinuousClock.Instant?
        /// Whether the last correction was refused.
        var isRefusing = false
    }

    private let store: StateStore
    private let logger: Logger
    private let measured = Mutex(Measured())

    /// How long a measurement holds.
    private static let patience = Duration.seconds(10)
    /// What a correction takes besides its text: its row and its entries in the indexes.
    private static let rowBytes = 512

    init(store: StateStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Refuses another correction where a limit is reached.
    ///
    /// - Throws: `ProtocolError` with the code "read-only" that names the limit.
    func check(_ limits: ContentLimits) async throws(ProtocolError) {
        let now = ContinuousClock.now
        let isDue = measured.withLock { measured in
            if let at = measured.at, now - at < Self.patience { return false }
            // Those that come meanwhile go by what was measured before.
            measured.at = now
            return true
        }
        if isDue {
            let size = await store.size()
            measured.withLock { $0.size = size }
        }
        let reason = reason(limits)
        let isNews = measured.withLock { measured in
            defer { measured.isRefusing = reason != nil }
            return measured.isRefusing != (reason != nil)
        }
        if isNews, reason == nil { logger.notice("corrections are taken again") }
        guard let reason else { return }
        if isNews { logger.warning("corrections are refused", metadata: ["reason": "\(reason)"]) }
        throw ProtocolError(.readOnly, .limit, reason)
    }

    /// Counts a correction that was stored.
    func add(_ correction: NewCorrection) {
        let bytes = correction.text.utf8.count + (correction.textPair?.utf8.count ?? 0) + Self.rowBytes
        measured.withLock {
            $0.size.journal += bytes
            $0.size.state += bytes
        }
    }

    /// Which limit is reached, as far as is known; nil for none.
    func reason(_ limits: ContentLimits) -> String? {
        let size = measured.withLock { $0.size }
        let corrections = store.counts.reduce(0) { sum, count in
            [.superseded, .retracted].contains(count.key) ? sum : sum + count.value
        }
        if corrections >= limits.corrections {
            return "there are \(corrections) corrections; limits.corrections allows \(limits.corrections)"
        }
        if size.journal >= limits.journalBytes {
            return "the journal has \(size.journal) bytes; limits.journalBytes allows \(limits.journalBytes)"
        }
        if size.state >= limits.stateBytes {
            return "the state has \(size.state) bytes; limits.stateBytes allows \(limits.stateBytes)"
        }
        return nil
    }
}
