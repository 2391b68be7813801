/// What ties a reply to its request, and progress to its token: a string or an integer.
public enum RequestID: Sendable, Hashable, CustomStringConvertible {
    case integer(Int64)
    case string(String)

    /// The id that a JSON value is, or nil if it is none.
    package init?(_ value: JSONValue) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .string(let string): self = .string(string)
        default: return nil
        }
    }

    /// The id as a JSON value.
    package var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .string(let string): .string(string)
        }
    }

    /// The id as a person would write it.
    public var description: String {
        switch self {
        case .integer(let integer): "\(integer)"
        case .string(let string): string.quoted
        }
    }

    /// Two ids are one only if they are alike to the scalar: "é" in its two spellings are two.
    public static func == (left: RequestID, right: RequestID) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let integer): hasher.combine(integer)
        case .string(let string): hasher.combine(JSONObject.ExactName(name: string))
        }
    }
}

extension RequestID: Encodable {
    /// Writes the id to any encoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let integer): try container.encode(integer)
        case .string(let string): try container.encode(string)
        }
    }
}
