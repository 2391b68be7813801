package import Foundation

/// What became of a correction.
package enum CorrectionState: String, CaseIterable, Sendable {
    /// Waits to be learnt.
    case queued
    /// The serving revision has learnt it.
    case learnt
    /// Nothing can be learnt from it: it has no usable features, or no head that may serve comes of it.
    case rejected
    /// Its user is not trusted until an administrator decides.
    case quarantined
    /// A rollback went behind it.
    case withheld
    /// A later one for the same input holds.
    case superseded
    /// It was taken back.
    case retracted

    /// Whether it counts now: at most one correction of an input does.
    package var isLive: Bool { self == .queued || self == .learnt }

    /// Whether `release` brings it back.
    package var isReleasable: Bool { self == .withheld || self == .quarantined || self == .rejected }
}

/// An input with its right answer, as a client sent it.
package struct NewCorrection: Equatable, Sendable {
    package var task: String
    package var text: String
    package var textPair: String?
    package var label: String
    /// The client's own name for it; the same user's same key stands for the same correction.
    package var idempotencyKey: String?
    /// What was answered before, and by which revision.
    package var predicted: String?
    package var predictedRevision: Int?
    package var slice: String?
    package var weight: Double
    /// The user it came from.
    package var uid: UInt32

    package init(
        task: String, text: String, textPair: String? = nil, label: String, idempotencyKey: String? = nil,
        predicted: String? = nil, predictedRevision: Int? = nil, slice: String? = nil, weight: Double = 1,
        uid: UInt32
    ) {
        self.task = task
        self.text = text
        self.textPair = textPair
        self.label = label
        self.idempotencyKey = idempotencyKey
        self.predicted = predicted
        self.predictedRevision = predictedRevision
        self.slice = slice
        self.weight = weight
        self.uid = uid
    }

    /// SHA-256 over what is learnt from it: task, text, pair, label and weight.
    package var digest: ContentDigest {
        var encoder = FieldEncoder(domain: "attuned correction 1")
        encoder.add(task)
        encoder.add(text)
        encoder.add(textPair)
        encoder.add(label)
        encoder.add(weight)
        return encoder.digest
    }

    /// SHA-256 over what it is an answer to: task, text and pair.
    package var inputDigest: ContentDigest {
        var encoder = FieldEncoder(domain: "attuned input 1")
        encoder.add(task)
        encoder.add(text)
        encoder.add(textPair)
        return encoder.digest
    }

    /// Checks what SQLite could not give back as it was.
    func validate() throws(StorageError) {
        guard weight.isFinite, weight > 0 else {
            throw StorageError(.invalid, "'weight' must be a finite number above zero, not \(weight)")
        }
        let fields = [
            ("task", task), ("text", text), ("textPair", textPair), ("label", label),
            ("idempotencyKey", idempotencyKey), ("predicted", predicted), ("slice", slice),
        ]
        for (name, value) in fields {
            if let value, value.utf8.contains(0) {
                throw StorageError(.invalid, "'\(name)' contains a NUL character")
            }
        }
    }
}

/// A correction in the journal.
package struct Correction: Equatable, Sendable {
    package let sequence: Int64
    package let content: NewCorrection
    /// When it was committed, to the millisecond, by a clock that may be wrong; order is by `sequence`.
    package let created: Date
    package let state: CorrectionState
    /// Why it is in this state, where there is something to say.
    package let reason: String?
    /// The first revision that learnt it.
    package let revision: Int?
    /// Whether the serving revision's body was judged by it.
    package let isHoldout: Bool
    /// Whether the serving revision's body, and not only its head, has learnt it.
    package let isLearntByBody: Bool
    package let digest: ContentDigest
    package let inputDigest: ContentDigest
    /// Grows with every change of state of any correction.
    package let change: Int64
    /// Whether its content was erased: then text and label are empty and the digests zero.
    package let isPurged: Bool
    /// Whether an administrator has brought it back from quarantine, so that it counts against nobody.
    package let isVouchedFor: Bool

    package init(
        sequence: Int64, content: NewCorrection, created: Date, state: CorrectionState, reason: String? = nil,
        revision: Int? = nil, isHoldout: Bool = false, isLearntByBody: Bool = false, digest: ContentDigest,
        inputDigest: ContentDigest, change: Int64, isPurged: Bool = false, isVouchedFor: Bool = false
    ) {
        self.sequence = sequence
        self.content = content
        self.created = created
        self.state = state
        self.reason = reason
        self.revision = revision
        self.isHoldout = isHoldout
        self.isLearntByBody = isLearntByBody
        self.digest = digest
        self.inputDigest = inputDigest
        self.change = change
        self.isPurged = isPurged
        self.isVouchedFor = isVouchedFor
    }
}

/// What `StateStore.append` answers once the correction is durable.
package struct Receipt: Equatable, Sendable {
    package let sequence: Int64
    package let state: CorrectionState
    /// Whether the journal had it already, under the same key.
    package let isDuplicate: Bool
}

/// Writes fields one after another, each with its length, so that no two lists of fields have the same bytes.
private struct FieldEncoder {
    private var bytes: [UInt8]

    init(domain: String) {
        bytes = Array(domain.utf8)
    }

    var digest: ContentDigest { ContentDigest(of: bytes) }

    mutating func add(_ text: String?) {
        guard let text else {
            bytes.append(0)
            return
        }
        bytes.append(1)
        add(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ value: Double) {
        add(value.bitPattern)
    }

    private mutating func add(_ value: UInt64) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}
