/// The parameters of `predict`.
public struct PredictParameters: Sendable, Hashable {
    /// What to classify.
    public var inputs: Inputs
    /// How many scores to reply with; all if nil.
    public var topK: Int?
    /// The revision to ask; the serving one if nil.
    public var revision: Int?

    /// Asks for the labels of one or several inputs.
    public init(_ inputs: Inputs, topK: Int? = nil, revision: Int? = nil) {
        self.inputs = inputs
        self.topK = topK
        self.revision = revision
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .predict, taking: ["input", "inputs", "topK", "revision"])
        inputs = try reader.inputs()
        topK = try reader.optional("topK") { name throws(ProtocolError) in try reader.integer(name, in: 1...(.max)) }
        revision = try reader.optional("revision", reader.revision)
    }
}

/// The parameters of `embed`.
public struct EmbedParameters: Sendable, Hashable {
    /// What to embed.
    public var inputs: Inputs

    /// Asks for the embeddings of one or several inputs.
    public init(_ inputs: Inputs) {
        self.inputs = inputs
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        inputs = try ParameterReader(object, of: .embed, taking: ["input", "inputs"]).inputs()
    }
}

/// The parameters of `evaluate`.
public struct EvaluateParameters: Sendable, Hashable, Encodable {
    /// An input with its right answer.
    public struct Example: Sendable, Hashable, Codable {
        /// What to classify.
        public let input: Input
        /// The right label.
        public let label: String
        /// The part of the examples that this one is reported with.
        public let slice: String?

        /// An example.
        public init(_ input: Input, label: String, slice: String? = nil) {
            self.input = input
            self.label = label
            self.slice = slice
        }
    }

    /// What to measure on; nothing is learnt from it.
    public var examples: [Example]
    /// The revision to measure; the serving one if nil.
    public var revision: Int?

    /// Asks how good a revision is on these examples.
    public init(_ examples: [Example], revision: Int? = nil) {
        self.examples = examples
        self.revision = revision
    }

    init(_ object: JSONObject) throws(ProtocolError) {
        let reader = try ParameterReader(object, of: .evaluate, taking: ["examples", "revision"])
        let elements = try reader.array("examples")
        guard !elements.isEmpty else { throw reader.outOfRange("examples", "must not be empty") }
        examples = []
        examples.reserveCapacity(elements.count)
        for index in elements.indices {
            let name = "examples[\(index)]"
            guard case .object(let object) = elements[index] else {
                throw reader.wrongType(name, "an object", elements[index])
            }
            let example = try ParameterReader(
                object,
                of: name,
                taking: ["input", "label", "slice"],
                prefix: name + "."
            )
            examples.append(
                Example(
                    try example.input("input"),
                    label: try example.name("label"),
                    slice: try example.optional("slice", example.name)
                )
            )
        }
        revision = try reader.optional("revision", reader.revision)
    }
}

extension PredictParameters: Encodable {
    private enum CodingKeys: String, CodingKey {
        case input, inputs, topK, revision
    }

    /// Writes the parameters as the wire has them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch inputs {
        case .one(let input): try container.encode(input, forKey: .input)
        case .many(let inputs): try container.encode(inputs, forKey: .inputs)
        }
        try container.encodeIfPresent(topK, forKey: .topK)
        try container.encodeIfPresent(revision, forKey: .revision)
    }
}

extension EmbedParameters: Encodable {
    private enum CodingKeys: String, CodingKey {
        case input, inputs
    }

    /// Writes the parameters as the wire has them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch inputs {
        case .one(let input): try container.encode(input, forKey: .input)
        case .many(let inputs): try container.encode(inputs, forKey: .inputs)
        }
    }
}
