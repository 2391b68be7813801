/// What a burst may change.
public enum TuningMethod: String, Sendable, Hashable, Codable, CaseIterable {
    case head, bias, lora, full
    case topLayers = "top-layers"
}

/// The parameters of `tuning/start`.
public struct StartTuningParameters: Sendable, Hashable, Encodable {
    /// When the reply is sent.
    public enum Wait: String, Sendable, Hashable, Codable, CaseIterable {
        /// When the burst has begun.
        case started
        /// When it is published, refused or has failed.
        case finished
    }

    /// What to change; the configured method if nil.
    public var method: TuningMethod?
    /// What the burst's random choices depend on.
    public var seed: Int?
    /// Whether to begin from the base model, with all corrections; else it goes on from what serves.
    public var rebuild: Bool
    /// When to reply.
    public var wait: Wait

    /// Asks for a burst.
    public init(
        method: TuningMethod? = nil,
        seed: Int? = nil,
        rebuild: Bool = false,
        wait: Wait = .started
    ) {
        self.method = method
        self.seed = seed
        self.rebuild = rebuild
        self.wait = wait
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .startTuning, taking: ["method", "seed", "rebuild", "wait"])
        method = try reader.optional("method") { name throws(ProtocolError) in try reader.word(name) }
        seed = try reader.optional("seed") { name throws(ProtocolError) in try reader.integer(name, in: 0...Limits.seed)
        }
        rebuild = try reader.optional("rebuild", reader.bool) ?? false
        wait = try reader.optional("wait") { name throws(ProtocolError) in try reader.word(name) } ?? .started
    }
}

/// The parameters of `revisions/activate`.
public struct ActivateParameters: Sendable, Hashable, Encodable {
    /// Which revision shall serve.
    public var revision: Int
    /// The revision that must be serving now, or nothing is done.
    public var expectedCurrent: Int?

    /// Makes a revision the serving one.
    public init(revision: Int, expectedCurrent: Int? = nil) {
        self.revision = revision
        self.expectedCurrent = expectedCurrent
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .activateRevision, taking: ["revision", "expectedCurrent"])
        revision = try reader.revision("revision")
        expectedCurrent = try reader.optional("expectedCurrent", reader.revision)
    }
}

/// The parameters of `revisions/pin`.
public struct PinParameters: Sendable, Hashable, Encodable {
    /// Which revision.
    public var revision: Int
    /// Whether it is kept whatever comes later.
    public var pinned: Bool

    /// Pins or unpins a revision.
    public init(revision: Int, pinned: Bool) {
        self.revision = revision
        self.pinned = pinned
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .pinRevision, taking: ["revision", "pinned"])
        revision = try reader.revision("revision")
        pinned = try reader.bool("pinned")
    }
}

extension ParameterReader {
    /// Refuses any parameter of a method that is not among `names`.
    init(_ object: JSONObject, of method: Method, taking names: [String]) throws(ProtocolError) {
        try self.init(object, of: method.rawValue, taking: names)
    }

    /// A revision's number.
    func revision(_ name: String) throws(ProtocolError) -> Int { try integer(name, in: 0...(.max)) }

    /// A correction's number.
    func sequence(_ name: String) throws(ProtocolError) -> Int { try integer(name, in: 1...(.max)) }
}
