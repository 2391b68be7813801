/// What a client asks about: a text, or a pair of texts.
public struct Input: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The text.
    public let text: String
    /// The second text of a pair.
    public let textPair: String?

    /// A text, or a pair of them.
    public init(_ text: String, textPair: String? = nil) {
        self.text = text
        self.textPair = textPair
    }

    /// A text.
    public init(stringLiteral value: String) { self.init(value) }

    init(_ value: JSONValue, named name: String) throws(ProtocolError) {
        switch value {
        case .string(let text): self.init(text)
        case .object(let object):
            let reader = try ParameterReader(object, of: name, taking: ["text", "textPair"], prefix: name + ".")
            self.init(try reader.string("text"), textPair: try reader.optional("textPair", reader.string))
        default:
            throw ProtocolError(
                .invalidParameters,
                .wrongType,
                "'\(name)' must be a string or an object {text, textPair}, not \(value.kind)"
            )
        }
    }
}

extension Input: Codable {
    private enum CodingKeys: String, CodingKey {
        case text, textPair
    }

    /// Reads a string or an object.
    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.init(text)
        } else {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                try container.decode(String.self, forKey: .text),
                textPair: try container.decodeIfPresent(String.self, forKey: .textPair)
            )
        }
    }

    /// Writes a string if there is no second text, else an object.
    public func encode(to encoder: any Encoder) throws {
        if let textPair {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(text, forKey: .text)
            try container.encode(textPair, forKey: .textPair)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }
}

/// One input or several; the reply has the same form.
public enum Inputs: Sendable, Hashable {
    case one(Input)
    case many([Input])

    /// The inputs, however they were given.
    public var all: [Input] {
        switch self {
        case .one(let input): [input]
        case .many(let inputs): inputs
        }
    }
}
