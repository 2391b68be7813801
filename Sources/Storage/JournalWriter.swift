import Foundation
import GRDB

/// Changes the journal within one transaction, and keeps its two rules.
///
/// 1. Of the corrections of one input that are not withheld, rejected, quarantined or retracted, the last by sequence is
///    live and the others are superseded.
/// 2. A live correction is `learnt` exactly when the serving revision's head has learnt it; else it is `queued`.
///
/// What it costs does not depend on how long the journal is, nor on how often an input was corrected.
struct JournalWriter {
    /// One correction's way from a state, or from nowhere, to another.
    struct Move {
        let sequence: Int64
        let from: CorrectionState?
        let to: CorrectionState
    }

    let database: Database
    /// The serving revision, and what it has learnt.
    var serving: ServingSets
    /// The last change number given.
    var change: Int64
    private(set) var moves: [Move] = []
    /// The highest number of a burst recorded; 0 if none was.
    private(set) var burst = 0
    private(set) var purged = SequenceSet()

    init(_ database: Database, serving: ServingSets, change: Int64) {
        self.database = database
        self.serving = serving
        self.change = change
    }

    /// Adds a correction, or finds the one that came with the same key before.
    ///
    /// - Throws: `StorageError` with `conflict` if that one differs.
    mutating func append(_ new: AppendRequest, created: Int64) throws -> Receipt {
        if let earlier = try Self.earlier(new, in: database) { return earlier }
        let previous = try liveCorrection(of: new.input)
        change += 1
        let content = new.content
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO correction (uid, task, text, text_pair, label, weight, slice, idempotency_key, predicted,
                    predicted_revision, created, digest, input_digest, state, change)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            Int64(content.uid), content.task, content.text, content.textPair, content.label, content.weight,
            content.slice, content.idempotencyKey, content.predicted, content.predictedRevision, created,
            new.digest, new.input, CorrectionState.queued.rawValue, change,
        ])
        let sequence = database.lastInsertedRowID
        moves.append(Move(sequence: sequence, from: nil, to: .queued))
        if let previous { try move(previous, to: .superseded, reason: "by correction \(sequence)") }
        return Receipt(sequence: sequence, state: .queued, isDuplicate: false)
    }

    /// Records a burst.
    mutating func append(_ record: BurstRecord) throws {
        try record.insert(into: database)
        burst = max(burst, record.id)
    }

    /// Takes a correction out of the running; what it superseded is live again.
    mutating func withdraw(_ standing: Standing, to state: CorrectionState, reason: String? = nil) throws {
        try move(standing, to: state, reason: reason)
        guard standing.state.isLive, let next = try lastSuperseded(of: standing.input) else { return }
        try admit(next)
    }

    /// Brings a correction back that was withheld, rejected or quarantined.
    mutating func readmit(_ standing: Standing) throws {
        if let live = try liveCorrection(of: standing.input) {
            if live.sequence > standing.sequence {
                return try move(standing, to: .superseded, reason: "by correction \(live.sequence)")
            }
            try move(live, to: .superseded, reason: "by correction \(standing.sequence)")
        }
        try admit(standing)
    }

    /// Brings a correction back because an administrator says so.
    mutating func release(_ standing: Standing) throws {
        if standing.state == .quarantined {
            try database.execute(
                sql: "UPDATE correction SET vouched = 1 WHERE sequence = ?", arguments: [standing.sequence])
        }
        try readmit(standing)
    }

    /// Withholds a live correction that the revision now serving has not learnt, and what would be live in its place,
    /// down to one that it has.
    mutating func withhold(_ standing: Standing) throws {
        let reason = "revision \(serving.number) was activated, which has not learnt it"
        try move(standing, to: .withheld, reason: reason)
        while let next = try lastSuperseded(of: standing.input) {
            if serving.head.contains(next.sequence) { return try admit(next) }
            try move(next, to: .withheld, reason: reason)
        }
    }

    /// Makes a correction live: learnt or queued, as the serving head has it.
    mutating func admit(_ standing: Standing) throws {
        try move(standing, to: serving.head.contains(standing.sequence) ? .learnt : .queued, reason: nil)
    }

    /// Takes a correction back for good: of what a client sent nothing stays.
    mutating func erase(_ standing: Standing) throws {
        try move(standing, to: .retracted, reason: nil)
        let statement = try database.cachedStatement(
            sql: """
                UPDATE correction SET text = '', text_pair = NULL, label = '', weight = 1, slice = NULL,
                    idempotency_key = NULL, predicted = NULL, predicted_revision = NULL, digest = zeroblob(32),
                    input_digest = zeroblob(32), purged = 1
                WHERE sequence = ?
                """)
        try statement.execute(arguments: [standing.sequence])
        // What became of bursts was said in the names of labels and slices.
        try database.cachedStatement(
            sql: """
                UPDATE burst SET reason = NULL,
                    details = CASE WHEN json_valid(details) THEN json_remove(details, '$.guard') ELSE '{}' END
                WHERE reason IS NOT NULL OR NOT json_valid(details) OR json_type(details, '$.guard') IS NOT NULL
                """
        ).execute()
        purged.insert(standing.sequence)
    }

    /// The row of a correction.
    func standing(_ sequence: Int64) throws -> Standing? {
        try first("SELECT \(Standing.columns) FROM correction WHERE sequence = ?", [sequence])
    }

    /// The row of a correction that is known to be there.
    func existing(_ sequence: Int64) throws -> Standing {
        guard let standing = try standing(sequence) else {
            throw StorageError(.corrupt, "correction \(sequence) is missing in the journal")
        }
        return standing
    }

    private mutating func move(_ standing: Standing, to state: CorrectionState, reason: String?) throws {
        change += 1
        let revision: Int? =
            switch state {
            case .queued: nil
            case .learnt: standing.revision ?? serving.number
            default: standing.revision
            }
        let statement = try database.cachedStatement(
            sql: "UPDATE correction SET state = ?, reason = ?, revision = ?, change = ? WHERE sequence = ?")
        try statement.execute(arguments: [state.rawValue, reason, revision, change, standing.sequence])
        moves.append(Move(sequence: standing.sequence, from: standing.state, to: state))
    }

    private func liveCorrection(of input: Data) throws -> Standing? {
        try first(
            """
            SELECT \(Standing.columns) FROM correction
            WHERE input_digest = ? AND state IN ('queued', 'learnt') LIMIT 1
            """, [input])
    }

    private func lastSuperseded(of input: Data) throws -> Standing? {
        try first(
            """
            SELECT \(Standing.columns) FROM correction
            WHERE input_digest = ? AND state = 'superseded' ORDER BY sequence DESC LIMIT 1
            """, [input])
    }

    private func first(_ sql: String, _ arguments: StatementArguments) throws -> Standing? {
        try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments).map(Standing.init)
    }

    /// The receipt of the correction that came with the same key before.
    ///
    /// - Throws: `StorageError` with `conflict` if that one differs.
    static func earlier(_ new: AppendRequest, in database: Database) throws -> Receipt? {
        guard let key = new.content.idempotencyKey else { return nil }
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, state, digest, slice, predicted FROM correction WHERE uid = ? AND idempotency_key = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [Int64(new.content.uid), key]) else { return nil }
        let sequence: Int64 = try row.value(0)
        let digest: Data = try row.value(2)
        // Bytes, where Swift would take differently composed characters for equal.
        let slice: Data? = try row.optional(3)
        let predicted: Data? = try row.optional(4)
        guard digest == new.digest, slice == new.content.slice.map({ Data($0.utf8) }),
            predicted == new.content.predicted.map({ Data($0.utf8) })
        else {
            throw StorageError(
                .conflict, "'idempotencyKey' was used for another correction before, with sequence \(sequence)")
        }
        return Receipt(sequence: sequence, state: try row.state(1, sequence: sequence), isDuplicate: true)
    }
}

/// A correction on its way into the journal, with its digests ready.
struct AppendRequest: Sendable {
    let content: NewCorrection
    let digest: Data
    let input: Data

    init(_ content: NewCorrection) throws(StorageError) {
        try content.validate()
        self.content = content
        digest = content.digest.bytes
        input = content.inputDigest.bytes
    }
}
