import Foundation
import GRDB
import Synchronization

/// An append that waits for its transaction.
struct WaitingAppend: Sendable {
    let request: AppendRequest
    let continuation: CheckedContinuation<Result<Receipt, StorageError>, Never>
}

extension StateStore {
    /// How many appends share one transaction at most.
    private static let groupLimit = 512
    /// How many corrections one call reads at most.
    package static let pageLimit = 10_000

    /// Commits a correction; it is durable when this returns.
    ///
    /// Corrections that come while another commit is under way share the next one, in the order of their coming. A
    /// correction for the same input as an earlier one supersedes it.
    ///
    /// - Throws: `StorageError` with `conflict` if its key was used for another correction, `readOnly` if it was not
    ///   stored for want of room, `durabilityUnknown` if the commit failed: then send it again with the same key.
    package func append(_ new: NewCorrection) async throws(StorageError) -> Receipt {
        let request = try AppendRequest(new)
        let result: Result<Receipt, StorageError> = await withCheckedContinuation { continuation in
            let isFirst = waiting.withLock { waiting in
                waiting.append(WaitingAppend(request: request, continuation: continuation))
                return waiting.count == 1
            }
            if isFirst { databaseQueue.async { self.commitWaiting() } }
        }
        return try result.get()
    }

    /// The receipt of a correction that was appended before with the same key; nil if there is none.
    ///
    /// - Throws: `StorageError` with `conflict` if its key was used for another correction.
    package func receipt(of new: NewCorrection) async throws(StorageError) -> Receipt? {
        if new.idempotencyKey == nil { return nil }
        let request = try AppendRequest(new)
        return try await onDatabase { () throws(StorageError) in
            try self.read { try JournalWriter.earlier(request, in: $0) }
        }
    }

    /// Commits the appends that wait, up to the limit.
    private func commitWaiting() {
        let (group, hasMore) = waiting.withLock { waiting in
            let group = Array(waiting.prefix(Self.groupLimit))
            waiting.removeFirst(group.count)
            return (group, !waiting.isEmpty)
        }
        if hasMore { databaseQueue.async { self.commitWaiting() } }
        do {
            let created = Date().milliseconds
            let results = try write { writer in
                try group.map { waiting -> Result<Receipt, StorageError> in
                    do {
                        return .success(try writer.append(waiting.request, created: created))
                    } catch let error as StorageError where error.code == .conflict {
                        // Found before anything was written; the others are not concerned.
                        return .failure(error)
                    }
                }
            }
            for (waiting, result) in zip(group, results) { waiting.continuation.resume(returning: result) }
        } catch {
            for waiting in group { waiting.continuation.resume(returning: .failure(error)) }
        }
    }

    /// The correction with this sequence.
    ///
    /// - Throws: `StorageError` with `notFound`, or `corrupt` if it is not what was committed.
    package func correction(_ sequence: Int64) async throws(StorageError) -> Correction {
        let found = try await page("WHERE sequence = ? LIMIT ?", [sequence, 1])
        guard let correction = found.first else { throw Self.missing(sequence) }
        return correction
    }

    /// Up to `limit` corrections after the sequence `cursor`, ascending; of one `state`, or all.
    package func corrections(
        state: CorrectionState? = nil, after cursor: Int64 = 0, limit: Int
    ) async throws(StorageError) -> [Correction] {
        let limit = min(max(limit, 0), Self.pageLimit)
        guard let state else {
            return try await page("WHERE sequence > ? ORDER BY sequence LIMIT ?", [cursor, limit])
        }
        return try await page(
            "WHERE state = ? AND sequence > ? ORDER BY sequence LIMIT ?", [state.rawValue, cursor, limit])
    }

    /// The labels of all live corrections.
    package func labels() async throws(StorageError) -> Set<String> {
        try await onDatabase { () throws(StorageError) in
            try self.read { database in
                let states = CorrectionState.allCases.filter(\.isLive).map { "'\($0.rawValue)'" }.joined(
                    separator: ", ")
                return try String.fetchSet(
                    database, sql: "SELECT DISTINCT label FROM correction WHERE state IN (\(states))")
            }
        }
    }

    /// Up to `limit` corrections that changed after `change`, in the order of their last changes.
    ///
    /// Whoever keeps the `change` of the last one read sees every correction that is new or in another state since.
    package func changes(after change: Int64, limit: Int) async throws(StorageError) -> [Correction] {
        try await page("WHERE change > ? ORDER BY change LIMIT ?", [change, min(max(limit, 0), Self.pageLimit)])
    }

    /// Takes a correction back; what it superseded is live again.
    ///
    /// - Parameter user: who asks; nil for an administrator.
    /// - Returns: its state, `retracted`, also when it was before.
    /// - Throws: `StorageError` with `notFound`; with `forbidden` where only an administrator may.
    package func retract(_ sequence: Int64, by user: UInt32? = nil) async throws(StorageError) -> CorrectionState {
        try await change { writer in
            guard let standing = try writer.standing(sequence) else { throw Self.missing(sequence) }
            try standing.checkRetraction(by: user)
            if standing.state != .retracted { try writer.withdraw(standing, to: .retracted) }
            return .retracted
        }
    }

    /// Brings a withheld, quarantined or rejected correction back.
    ///
    /// - Returns: 1, or 0 if it is in another state.
    /// - Throws: `StorageError` with `notFound`.
    package func release(_ sequence: Int64) async throws(StorageError) -> Int {
        try await change { writer in
            guard let standing = try writer.standing(sequence) else { throw Self.missing(sequence) }
            guard standing.state.isReleasable else { return 0 }
            try writer.release(standing)
            return 1
        }
    }

    /// Brings all corrections in a state back: `withheld`, `quarantined` or `rejected`.
    ///
    /// - Returns: how many they were.
    /// - Throws: `StorageError` with `invalid` for another state.
    package func release(state: CorrectionState) async throws(StorageError) -> Int {
        guard state.isReleasable else {
            throw StorageError(.invalid, "corrections that are \(state.rawValue) cannot be released")
        }
        return try await change { [self] writer in
            let sequences = memory.withLock { $0.states[state] }
            for sequence in sequences.elements { try writer.release(writer.existing(sequence)) }
            return sequences.count
        }
    }

    /// Takes corrections out of the running as `rejected` or `quarantined`, with a reason.
    ///
    /// What they superseded is live again. Those that are neither live nor superseded are left alone.
    ///
    /// - Returns: how many were refused.
    /// - Throws: `StorageError` with `invalid` for another state, `notFound` if one does not exist.
    package func refuse(
        _ sequences: SequenceSet, as state: CorrectionState, reason: String
    ) async throws(StorageError) -> Int {
        guard state == .rejected || state == .quarantined else {
            throw StorageError(.invalid, "corrections are refused as rejected or quarantined, not \(state.rawValue)")
        }
        return try await change { writer in
            var count = 0
            // In ascending order no earlier one of the same input is made live in between.
            for sequence in sequences.elements {
                guard let standing = try writer.standing(sequence) else { throw Self.missing(sequence) }
                guard standing.state.isLive || standing.state == .superseded else { continue }
                try writer.withdraw(standing, to: state, reason: reason)
                count += 1
            }
            return count
        }
    }

    private func change<Value: Sendable>(
        _ work: @escaping @Sendable (inout JournalWriter) throws -> Value
    ) async throws(StorageError) -> Value {
        try await onDatabase { () throws(StorageError) in try self.write(work) }
    }

    private func page(
        _ condition: String, _ arguments: [any DatabaseValueConvertible & Sendable]
    ) async throws(StorageError) -> [Correction] {
        try await onDatabase { () throws(StorageError) in
            let serving = self.memory.withLock { $0.serving }
            return try self.read { database in
                let statement = try database.cachedStatement(
                    sql: "SELECT \(Correction.columns) FROM correction \(condition)")
                var corrections: [Correction] = []
                let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
                while let row = try rows.next() {
                    corrections.append(try Correction(row, bodySet: serving.body, holdout: serving.holdout))
                }
                return corrections
            }
        }
    }

    static func missing(_ sequence: Int64) -> StorageError {
        StorageError(.notFound, "there is no correction with the sequence \(sequence)")
    }
}
