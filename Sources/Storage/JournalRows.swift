import Foundation
import GRDB

/// What a row of the journal says of itself beside its content.
struct Standing {
    let sequence: Int64
    let state: CorrectionState
    /// The digest of its input, as stored.
    let input: Data
    let revision: Int?
    /// The user it came from.
    let uid: Int64

    static let columns = "sequence, state, input_digest, revision, uid"

    init(_ row: Row) throws {
        sequence = try row.value(0)
        state = try row.state(1, sequence: sequence)
        input = try row.value(2)
        revision = try row.optional(3)
        uid = try row.value(4)
    }

    /// Checks that `user` may take the correction back; nil is an administrator, who may.
    ///
    /// - Throws: `StorageError` with `forbidden`.
    func checkRetraction(by user: UInt32?) throws(StorageError) {
        guard let user else { return }
        guard uid == Int64(user) else {
            throw StorageError(.forbidden, "correction \(sequence) is another user's; that needs admin")
        }
        guard state != .quarantined else {
            throw StorageError(
                .forbidden, "correction \(sequence) is quarantined; an administrator decides", because: .quarantine)
        }
    }
}

extension Correction {
    static let columns = """
        sequence, uid, task, text, text_pair, label, weight, slice, idempotency_key, predicted, predicted_revision, \
        created, digest, input_digest, state, reason, revision, change, purged, vouched
        """

    /// Reads a row, and checks that its content is what was digested when it came, or was erased.
    init(_ row: Row, bodySet: SequenceSet, holdout: SequenceSet) throws {
        let sequence: Int64 = try row.value(0)
        guard let uid = UInt32(exactly: try row.value(1) as Int64) else {
            throw StorageError(.corrupt, "correction \(sequence) has a user id out of range")
        }
        let content = NewCorrection(
            task: try row.value(2), text: try row.value(3), textPair: try row.optional(4), label: try row.value(5),
            idempotencyKey: try row.optional(8), predicted: try row.optional(9),
            predictedRevision: try row.optional(10), slice: try row.optional(7), weight: try row.value(6), uid: uid)
        let state = try row.state(14, sequence: sequence)
        let isPurged = try row.value(18) as Int != 0
        let digest = isPurged ? .zero : content.digest
        let inputDigest = isPurged ? .zero : content.inputDigest
        guard try row.value(12) == digest.bytes, try row.value(13) == inputDigest.bytes,
            !isPurged || (state == .retracted && content.text.isEmpty)
        else {
            throw StorageError(.corrupt, "correction \(sequence) is not what was committed: its digest differs")
        }
        self.init(
            sequence: sequence, content: content,
            created: Date(milliseconds: try row.value(11)),
            state: state, reason: try row.optional(15),
            revision: try row.optional(16), isHoldout: holdout.contains(sequence),
            isLearntByBody: bodySet.contains(sequence), digest: digest, inputDigest: inputDigest,
            change: try row.value(17), isPurged: isPurged, isVouchedFor: try row.value(19) as Int != 0)
    }
}

extension Correction {
    /// Checks the digests of all corrections.
    ///
    /// - Throws: `StorageError` with `corrupt`, which names the first that is not what was committed.
    static func checkAll(_ database: Database) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT \(columns) FROM correction")
        while let row = try rows.next() { _ = try Correction(row, bodySet: SequenceSet(), holdout: SequenceSet()) }
    }
}

/// Reading that never traps, whatever is in the file.
extension Row {
    func value<Value: DatabaseValueConvertible>(_ column: Int) throws -> Value {
        guard let value: Value = try optional(column) else {
            throw StorageError(.corrupt, "the state's database has no value where there must be one")
        }
        return value
    }

    func optional<Value: DatabaseValueConvertible>(_ column: Int) throws -> Value? {
        guard column < count else { throw StorageError(.corrupt, "the state's database has too few columns") }
        let stored: DatabaseValue = self[column]
        if stored.isNull { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw StorageError(.corrupt, "the state's database has a value that is not \(Value.self)")
        }
        return value
    }

    func state(_ column: Int, sequence: Int64) throws -> CorrectionState {
        let name: String = try value(column)
        guard let state = CorrectionState(rawValue: name) else {
            throw StorageError(.corrupt, "correction \(sequence) has the unknown state '\(name)'")
        }
        return state
    }
}

extension Date {
    /// Whole milliseconds since 1970, as the database keeps them.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
