import Logging
import Storage
import Tuning

/// Corrections in the table that are not to be learnt from, and are to be marked so.
struct HeldBack: Equatable {
    let sequences: SequenceSet
    let state: CorrectionState
    let reason: String
}

extension Learner {
    /// Marks corrections as held back, and those that could not be marked before, in their order.
    ///
    /// The table is not told of them again: what cannot be written now must be before anything is learnt.
    func holdBack(_ new: [HeldBack]) async throws(StorageError) {
        unmarked += new
        while let next = unmarked.first {
            _ = try await store.refuse(next.sequences, as: next.state, reason: next.reason)
            // Another task of the learner may have done the same meanwhile.
            unmarked.removeAll { $0 == next }
        }
    }

    /// Compares users with each other when enough has come in since the last time, and holds back who contradicts all others.
    ///
    /// - Parameter isInterruptible: whether it gives up when something new comes in, to be done at the next rest; but not
    ///   for ever. Where it does not, a burst is about to begin, and less is enough.
    /// - Returns: whether somebody was held back.
    /// - Throws: `CancellationError` where a burst that is about to begin is cancelled.
    func crossCheck(isInterruptible: Bool = true) async throws -> Bool {
        let givesWay = isInterruptible && !isComparisonOverdue
        let present = corrections.set.sequences
        // What came in the place of others, which left, is to be compared as well.
        let changed = present.subtracting(compared).count + compared.subtracting(present).count
        guard changed >= (isInterruptible ? min(max(10, compared.count / 50), Self.mostUncompared) : 10) else {
            return false
        }
        let labels = labels(of: corrections)
        // What the body was trained on is no witness: it has been made to agree.
        let users = corrections.users(besides: served.bodySet.sequences)
        guard !labels.isEmpty, Set(users.values).count > 1 else {
            compared = present
            lastCompared = .now
            return false
        }
        let problem = HeadProblem(
            examples: corrections.examples, labels: labels, names: corrections.nameFeatures(labels), base: base.head)
        let settings = served.settings ?? HeadSettings(classes: labels.count)
        guard
            let suspects = try CrossCheck.suspects(
                in: problem, headSettings: settings, users: users,
                witnesses: corrections.users(besides: SequenceSet()), settings: options.bursts.crossCheck,
                cleared: &cleared,
                isInterrupted: { givesWay ? isInterrupted : Task.isCancelled || board.isCancelled })
        else {
            if isInterruptible { return false }
            throw CancellationError()
        }
        var held: [HeldBack] = []
        for suspect in suspects {
            let sequences = corrections.sequences(of: suspect.user)
            logger.warning(
                "quarantined a user",
                metadata: [
                    "peerUid": "\(suspect.user)", "corrections": "\(sequences.count)", "reason": "\(suspect.reason)",
                ])
            held.append(HeldBack(sequences: sequences, state: .quarantined, reason: suspect.reason))
        }
        compared = present
        lastCompared = .now
        try await holdBack(held)
        return !suspects.isEmpty
    }

    /// Whether users are to be compared before corrections rest: they have kept coming for longer than a burst would wait.
    var isComparisonOverdue: Bool { lastCompared.duration(to: .now) > options.bursts.longestWait }

    /// Changes after which users are compared at the next rest, however many corrections there are.
    private static let mostUncompared = 200

    /// What quarantined users go on sending, and what comes back of theirs with a revision that had learnt it.
    func arrivals(_ changes: [Correction], _ table: CorrectionTable) -> [HeldBack] {
        var arrivals: [UInt32: SequenceSet] = [:]
        for change in changes where isArrival(change, table) {
            arrivals[change.content.uid, default: SequenceSet()].insert(change.sequence)
        }
        return arrivals.compactMap { user, sequences in
            table.quarantine[user].map { HeldBack(sequences: sequences, state: .quarantined, reason: $0.reason) }
        }
    }

    /// Whether a correction counts that a quarantined user sent, and nobody vouches for.
    func isArrival(_ correction: Correction, _ table: CorrectionTable) -> Bool {
        correction.state.isLive && !correction.isVouchedFor && table.quarantine[correction.content.uid] != nil
    }
}
