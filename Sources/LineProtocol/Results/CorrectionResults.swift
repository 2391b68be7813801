/// The result of `corrections/submit`.
public struct SubmitResult: Sendable, Hashable, Codable {
    /// The correction's number, in the order in which corrections became durable.
    public let sequence: Int
    /// What has become of it so far.
    public let state: CorrectionState
    /// Whether the idempotency key had been used before; nothing was added then.
    public let duplicate: Bool
    /// Why it was not learnt.
    public let reason: String?
    /// The first revision that learnt it.
    public let revision: Int?

    package init(
        sequence: Int,
        state: CorrectionState,
        duplicate: Bool,
        reason: String? = nil,
        revision: Int? = nil
    ) {
        self.sequence = sequence
        self.state = state
        self.duplicate = duplicate
        self.reason = reason
        self.revision = revision
    }
}

/// A correction as the journal has it.
public struct CorrectionInfo: Sendable, Hashable, Codable {
    /// The correction's number.
    public let sequence: Int
    /// The task that it belongs to.
    public let task: String
    /// What was asked; nil once purged.
    public let input: Input?
    /// The right answer; nil once purged.
    public let label: String?
    /// What has become of it.
    public let state: CorrectionState
    /// Why it is in this state, where that needs saying.
    public let reason: String?
    /// The first revision that learnt it.
    public let revision: Int?
    /// What was answered before.
    public let predicted: String?
    /// The part of the corrections that it is judged with.
    public let slice: String?
    /// How much it counts.
    public let weight: Double
    /// The user who taught it.
    public let uid: UInt32
    /// When it became durable (RFC 3339).
    public let created: String
    /// Whether the body has learnt it, and not only the head.
    public let body: Bool
    /// Whether it is kept to judge bodies.
    public let holdout: Bool

    package init(
        sequence: Int,
        task: String,
        input: Input?,
        label: String?,
        state: CorrectionState,
        reason: String? = nil,
        revision: Int? = nil,
        predicted: String? = nil,
        slice: String? = nil,
        weight: Double,
        uid: UInt32,
        created: String,
        body: Bool,
        holdout: Bool
    ) {
        self.sequence = sequence
        self.task = task
        self.input = input
        self.label = label
        self.state = state
        self.reason = reason
        self.revision = revision
        self.predicted = predicted
        self.slice = slice
        self.weight = weight
        self.uid = uid
        self.created = created
        self.body = body
        self.holdout = holdout
    }
}

/// The result of `corrections/get`, which has one correction, and of `corrections/list`.
public struct CorrectionsResult: Sendable, Hashable, Codable {
    /// The corrections, by sequence.
    public let corrections: [CorrectionInfo]
    /// Where to go on; nil at the end.
    public let nextCursor: Cursor?

    package init(_ corrections: [CorrectionInfo], nextCursor: Cursor? = nil) {
        self.corrections = corrections
        self.nextCursor = nextCursor
    }
}

/// The result of `corrections/retract`.
public struct RetractResult: Sendable, Hashable, Codable {
    /// What has become of the correction.
    public let state: CorrectionState

    package init(state: CorrectionState) { self.state = state }
}

/// The result of `corrections/release`.
public struct ReleaseResult: Sendable, Hashable, Codable {
    /// How many corrections are queued again.
    public let released: Int

    package init(released: Int) { self.released = released }
}
