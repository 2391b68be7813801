import Logging
import Storage
import Tuning

extension Learner {
    /// Compares users with each other when enough has come in since the last time, and holds back who contradicts all others.
    ///
    /// - Parameter isInterruptible: whether it gives up when something new comes in, to be done at the next rest.
    /// - Returns: whether somebody was held back.
    func crossCheck(isInterruptible: Bool = true) async throws -> Bool {
        let count = corrections.set.count
        guard abs(count - checkedCount) >= max(10, checkedCount / 50) else { return false }
        let labels = labels(of: corrections)
        // What the body was trained on is no witness: it has been made to agree.
        let users = corrections.users(besides: served.bodySet.sequences)
        guard !labels.isEmpty, Set(users.values).count > 1 else {
            checkedCount = count
            return false
        }
        let problem = HeadProblem(
            examples: corrections.examples, labels: labels, names: corrections.nameFeatures(labels), base: base.head)
        let settings = served.settings ?? HeadSettings(classes: labels.count)
        guard
            let suspects = try CrossCheck.suspects(
                in: problem, headSettings: settings, users: users,
                witnesses: corrections.users(besides: SequenceSet()), settings: options.bursts.crossCheck,
                isInterrupted: { Task.isCancelled || isInterruptible && isInterrupted })
        else { return false }
        checkedCount = count
        for suspect in suspects {
            let held = corrections.sequences(of: suspect.user)
            logger.warning(
                "quarantined a user",
                metadata: [
                    "peerUid": "\(suspect.user)", "corrections": "\(held.count)", "reason": "\(suspect.reason)",
                ])
            _ = try await store.refuse(held, as: .quarantined, reason: suspect.reason)
        }
        return !suspects.isEmpty
    }

    /// Holds back what quarantined users go on sending.
    func quarantineArrivals(_ changes: [Correction], _ table: CorrectionTable) async throws {
        var arrivals: [UInt32: SequenceSet] = [:]
        for change in changes where change.state == .queued && !change.isVouchedFor {
            let user = change.content.uid
            if table.quarantine[user] != nil { arrivals[user, default: SequenceSet()].insert(change.sequence) }
        }
        for (user, sequences) in arrivals {
            guard let reason = table.quarantine[user]?.reason else { continue }
            _ = try await store.refuse(sequences, as: .quarantined, reason: reason)
        }
    }
}
