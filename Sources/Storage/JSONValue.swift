import Foundation

/// Any JSON value: what a manifest carries for others without understanding it.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What `value` encodes to.
    ///
    /// - Throws: `StorageError` with `invalid` if it does not encode, as with a number that is not finite.
    package init(encoding value: some Encodable) throws(StorageError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        } catch {
            throw StorageError(.invalid, "cannot be written as JSON: \(error)")
        }
    }

    /// Decodes a `Value` from this.
    ///
    /// - Throws: `StorageError` with `corrupt` if it is not one.
    package func decode<Value: Decodable>(as type: Value.Type = Value.self) throws(StorageError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
        } catch {
            throw StorageError(.corrupt, "is not the JSON of \(type): \(error)")
        }
    }
}

extension JSONValue: Codable {
    /// Levels within each other; the time that it takes to tell what a value is grows with the cube of its depth.
    private static let deepest = 64

    package init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count <= Self.deepest else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "nested deeper than \(Self.deepest) levels"))
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
