import LineProtocol
import Storage
import Synchronization

/// How many labels there may still be before corrections that bring another are refused.
///
/// The learner knows the labels of the corrections that it has taken in. Those that are on their way to it count as well:
/// a client that sends faster than the learner reads would not be stopped otherwise.
final class LabelRoom: Sendable {
    private struct Counted {
        /// Labels of stored corrections and of those that are let in, apart from what the learner knows.
        var labels: Set<String> = []
        /// Of these, the ones that were let in since the last look at what is stored.
        var recent: Set<String> = []
        /// When that was.
        var at: ContinuousClock.Instant?
    }

    private let store: StateStore
    private let counted = Mutex(Counted())

    /// How long a count holds that leaves no room; corrections may have been taken back since.
    private static let patience = Duration.seconds(1)

    init(store: StateStore) {
        self.store = store
    }

    /// Lets a correction with `label` in.
    ///
    /// - Parameter known: the labels that the learner knows.
    /// - Throws: `ProtocolError` with the reason "outOfRange" that names the limit.
    func admit(_ label: String, known: Set<String>, limit: Int) async throws {
        guard !known.contains(label), !isAdmitted(label, known, limit) else { return }
        if isCountDue() {
            let labels = try await translated(.correction) { try await store.labels() }
            counted.withLock { $0.labels = labels.union($0.recent) }
            if isAdmitted(label, known, limit) { return }
        }
        let count = known.union(counted.withLock { $0.labels }).count
        throw ProtocolError(
            .invalidParameters, .outOfRange, "'label' would be label \(count + 1); limits.labels allows \(limit)")
    }

    private func isAdmitted(_ label: String, _ known: Set<String>, _ limit: Int) -> Bool {
        counted.withLock { counted in
            // What is on disk since before the start is not known yet.
            guard counted.at != nil else { return false }
            if counted.labels.contains(label) { return true }
            counted.labels.subtract(known)
            guard known.count + counted.labels.count < limit else { return false }
            counted.labels.insert(label)
            counted.recent.insert(label)
            return true
        }
    }

    /// Whether it is time to look at what is stored; asked once for each look.
    private func isCountDue() -> Bool {
        let now = ContinuousClock.now
        return counted.withLock { counted in
            if let at = counted.at, now - at < Self.patience { return false }
            counted.at = now
            counted.recent = []
            return true
        }
    }
}
