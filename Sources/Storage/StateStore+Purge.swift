import Dispatch
import GRDB
import Logging
import Synchronization

/// A purge that waits for its turn.
struct WaitingPurge: Sendable {
    let sequence: Int64
    /// Who asks; nil for an administrator.
    let user: UInt32?
    let continuation: CheckedContinuation<Result<SequenceSet, StorageError>, Never>
}

extension StateStore {
    /// Takes a correction and all others of the same input back, and erases what clients sent with them.
    ///
    /// The rows stay, so that sequences and changes stay what they were; a key that came with one of them is free
    /// again. When this returns, nothing of the texts is left in any file of the journal. Copies for backups that lie in
    /// the state directory are removed, too. Revisions that were made with them are left to `removeTainted`, and damaged
    /// journals that were set aside to the administrator.
    ///
    /// - Parameter user: who asks; nil for an administrator.
    /// - Returns: the sequences that were purged; only `sequence` itself if it was purged before.
    /// - Throws: `StorageError` with `notFound`; with `forbidden` where only an administrator may, as with what others
    ///   have sent; with `durabilityUnknown` if it may be purged, but its traces may be left in the files: then again,
    ///   or at the next start, they are removed.
    package func purge(_ sequence: Int64, by user: UInt32? = nil) async throws(StorageError) -> SequenceSet {
        let result: Result<SequenceSet, StorageError> = await withCheckedContinuation { continuation in
            let isFirst = waitingPurges.withLock { waiting in
                waiting.append(WaitingPurge(sequence: sequence, user: user, continuation: continuation))
                return waiting.count == 1
            }
            if isFirst { filesQueue.async { self.purgeWaiting() } }
        }
        return try result.get()
    }

    /// Makes the purges that wait, and removes what all of them leave at once: that takes as long for one.
    private func purgeWaiting() {
        let group = waitingPurges.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        let results = group.map { waiting in
            Result { () throws(StorageError) in
                try waitForDatabase { () throws(StorageError) in try purgeNow(waiting.sequence, by: waiting.user) }
            }
        }
        let hasPurged = results.contains { (try? $0.get()) != nil }
        let end = Result { () throws(StorageError) in if hasPurged { try removeTraces() } }
        for (waiting, result) in zip(group, results) {
            waiting.continuation.resume(returning: result.flatMap { purged in end.map { purged } })
        }
    }

    /// The transaction of a purge.
    private func purgeNow(_ sequence: Int64, by user: UInt32?) throws(StorageError) -> SequenceSet {
        try write { writer in
            guard let standing = try writer.standing(sequence) else { throw Self.missing(sequence) }
            try standing.checkRetraction(by: user)
            if memory.withLock({ $0.purged.contains(sequence) }) { return SequenceSet([sequence]) }
            try writer.purge(standing, by: user)
            return writer.purged
        }
    }

    /// Removes the revisions that a purged correction left a trace in, pinned or not, except the serving one.
    ///
    /// That one goes when it is called again after its successor was published. Traces that an earlier call could not
    /// remove go with this one, whatever else there is to remove.
    ///
    /// - Returns: which were removed.
    /// - Throws: `StorageError` with `durabilityUnknown` if they may be removed, but traces may be left in the files.
    package func removeTainted() async throws(StorageError) -> [Int] {
        try await onFiles { () throws(StorageError) in
            let (removed, isVacuumDue) = try self.waitForDatabase { () throws(StorageError) in
                try self.write { writer in
                    let purged = self.memory.withLock { $0.purged }
                    let removed = try RevisionRow.removeTainted(
                        by: purged, serving: writer.serving.number, in: writer.database)
                    if !removed.isEmpty { try StateSchema.setVacuumDue(true, in: writer.database) }
                    return (removed, try StateSchema.isVacuumDue(in: writer.database))
                }
            }
            if isVacuumDue { try self.removeTraces() }
            return removed
        }
    }

    /// The corrections that the serving revision has a trace of and that were taken back: what is to be unlearnt.
    package func unlearning() -> SequenceSet {
        memory.withLock { $0.states[.retracted].intersection($0.serving.seen) }
    }

    /// Removes what may be left of erased texts and removed revisions; on the files queue.
    private func removeTraces() throws(StorageError) {
        do throws(StorageError) {
            // Nothing is being published or copied now, since that needs this queue.
            let kept = try waitForDatabase { () throws(StorageError) in
                try read { try Set(RevisionRow.allKept(in: $0).map(\.number)) }
            }
            _ = try directory.sweep(keeping: kept, logger: options.logger)
            try waitForDatabase { () throws(StorageError) in
                guard try read({ try StateSchema.isVacuumDue(in: $0) }) else { return }
                try database.rebuild()
                try write { try StateSchema.setVacuumDue(false, in: $0.database) }
            }
            if let aside = try directory.setAside().first {
                throw StorageError(.invalid, "a damaged journal is kept in \(aside); remove it once nobody needs it")
            }
        } catch {
            if error.code == .readOnly { memory.withLock { $0.readOnlyReason = error.text } }
            let text = "what is purged may have left traces in the state's files; do it again: \(error.text)"
            throw StorageError(.durabilityUnknown, text)
        }
    }
}

extension JournalWriter {
    /// Takes all corrections of an input back and erases their content.
    mutating func purge(_ standing: Standing, by user: UInt32?) throws {
        let all = try Row.fetchAll(
            database, sql: "SELECT \(Standing.columns) FROM correction WHERE input_digest = ? ORDER BY sequence",
            arguments: [standing.input]
        ).map(Standing.init)
        guard user == nil || all.allSatisfy({ $0.uid == standing.uid }) else {
            throw StorageError(
                .forbidden, "others have taught the same text, which a purge would erase too; that needs admin")
        }
        for standing in all {
            try standing.checkRetraction(by: user)
            try erase(standing)
        }
        try StateSchema.setVacuumDue(true, in: database)
    }
}
