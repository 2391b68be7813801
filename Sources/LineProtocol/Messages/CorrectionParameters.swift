/// What a correction has become.
public enum CorrectionState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Durable, and waiting to be learnt.
    case queued
    /// Part of a revision.
    case learnt
    /// Nothing can be learnt from it; the reason says why.
    case rejected
    /// Held back until an administrator decides.
    case quarantined
    /// Held back by a rollback that went behind it.
    case withheld
    /// A later correction of the same input took its place.
    case superseded
    /// Taken back.
    case retracted
}

/// The parameters of `corrections/submit`.
public struct SubmitParameters: Sendable, Hashable, Encodable {
    /// When the reply is sent.
    public enum Wait: String, Sendable, Hashable, Codable, CaseIterable {
        /// When the correction is durable.
        case journaled
        /// When it is learnt or refused.
        case published
    }

    /// What was asked.
    public var input: Input
    /// The right answer.
    public var label: String
    /// Names this submission, so that sending it again does not count twice.
    public var idempotencyKey: String?
    /// The label that was answered before.
    public var predicted: String?
    /// The part of the corrections that this one is judged with.
    public var slice: String?
    /// How much the correction counts; 1 if nil.
    public var weight: Double?
    /// When to reply.
    public var wait: Wait

    /// A correction.
    public init(
        _ input: Input,
        label: String,
        idempotencyKey: String? = nil,
        predicted: String? = nil,
        slice: String? = nil,
        weight: Double? = nil,
        wait: Wait = .journaled
    ) {
        self.input = input
        self.label = label
        self.idempotencyKey = idempotencyKey
        self.predicted = predicted
        self.slice = slice
        self.weight = weight
        self.wait = wait
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(
            object,
            of: .submitCorrection,
            taking: ["input", "label", "idempotencyKey", "predicted", "slice", "weight", "wait"]
        )
        input = try reader.input("input")
        label = try reader.name("label")
        idempotencyKey = try reader.optional("idempotencyKey", reader.name)
        predicted = try reader.optional("predicted", reader.name)
        slice = try reader.optional("slice", reader.name)
        weight = try reader.optional("weight", reader.number)
        if let weight, !(weight > 0 && weight <= Limits.weight) {
            throw reader.outOfRange("weight", "must be above 0 and at most \(Limits.weight), not \(weight)")
        }
        wait = try reader.optional("wait") { name throws(ProtocolError) in try reader.word(name) } ?? .journaled
    }
}

/// The parameters of `corrections/list`.
public struct ListCorrectionsParameters: Sendable, Hashable, Encodable {
    /// Only corrections in this state.
    public var state: CorrectionState?
    /// Where the last page ended.
    public var cursor: Cursor?
    /// The most corrections to reply with.
    public var limit: Int?

    /// Asks for a page of corrections, by sequence.
    public init(state: CorrectionState? = nil, cursor: Cursor? = nil, limit: Int? = nil) {
        self.state = state
        self.cursor = cursor
        self.limit = limit
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .listCorrections, taking: ["state", "cursor", "limit"])
        state = try reader.optional("state") { name throws(ProtocolError) in try reader.word(name) }
        cursor = try reader.optional("cursor") { name throws(ProtocolError) in
            guard let cursor = Cursor(rawValue: try reader.string(name)) else {
                throw reader.outOfRange(name, "is not one that a reply gave")
            }
            return cursor
        }
        limit = try reader.optional("limit") { name throws(ProtocolError) in
            try reader.integer(name, in: 1...Limits.page)
        }
    }
}

/// Where a page of corrections ended; opaque to clients.
public struct Cursor: RawRepresentable, Sendable, Hashable, Codable {
    /// The last sequence of the page.
    package let after: Int

    /// The cursor after this sequence.
    package init(after: Int) {
        self.after = after
    }

    /// The cursor that a reply gave.
    public init?(rawValue: String) {
        guard let after = Int(rawValue), after >= 0, String(after) == rawValue else { return nil }
        self.after = after
    }

    /// The cursor on the wire.
    public var rawValue: String { String(after) }
}

/// The parameters of `corrections/retract`.
public struct RetractParameters: Sendable, Hashable, Encodable {
    /// Which correction.
    public var sequence: Int
    /// Whether its input and label are erased as well.
    public var purge: Bool

    /// Takes a correction back.
    public init(sequence: Int, purge: Bool = false) {
        self.sequence = sequence
        self.purge = purge
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .retractCorrection, taking: ["sequence", "purge"])
        sequence = try reader.sequence("sequence")
        purge = try reader.optional("purge", reader.bool) ?? false
    }
}

/// The parameters of `corrections/release`: one correction, or all in a state.
public enum ReleaseParameters: Sendable, Hashable {
    case sequence(Int)
    case state(CorrectionState)

    /// The states that can be released.
    static let states: [CorrectionState] = [.withheld, .quarantined, .rejected]

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .releaseCorrections, taking: ["sequence", "state"])
        switch (reader.has("sequence"), reader.has("state")) {
        case (true, false): self = .sequence(try reader.sequence("sequence"))
        case (false, true): self = .state(try reader.word("state", from: Self.states))
        case (true, true):
            throw ProtocolError(
                .invalidParameters,
                .conflictingParameters,
                "corrections/release takes either 'sequence' or 'state', not both"
            )
        case (false, false):
            throw ProtocolError(
                .invalidParameters,
                .missingParameter,
                "missing parameter 'sequence' (or 'state') of corrections/release"
            )
        }
    }
}

extension ReleaseParameters: Encodable {
    private enum CodingKeys: String, CodingKey {
        case sequence, state
    }

    /// Writes the parameters as the wire has them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .sequence(let sequence): try container.encode(sequence, forKey: .sequence)
        case .state(let state): try container.encode(state, forKey: .state)
        }
    }
}
