package import LineProtocol

/// What a received value must look like: JSON with placeholders for what varies.
package struct Pattern {
    /// How a value differs from its pattern.
    package struct Mismatch: Error, CustomStringConvertible {
        package let description: String
    }

    /// Values that earlier patterns have named with `$let`.
    package private(set) var named: [String: JSONValue] = [:]

    package init() {}

    /// The value to send: each `{"$get": name}` replaced by what was named.
    package func filled(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .object(let object):
            if case .string(let name)? = object["$get"], object.members.count == 1 {
                guard let value = named[name] else { throw Mismatch(description: "nothing is named \(name)") }
                return value
            }
            return .object(
                JSONObject(
                    try object.members.map { JSONObject.Member(name: $0.name, value: try filled($0.value)) }
                )
            )
        case .array(let elements): return .array(try elements.map(filled))
        default: return value
        }
    }

    /// Throws unless `value` fits `pattern`; `path` says where in the message it is.
    package mutating func match(_ value: JSONValue, _ pattern: JSONValue, at path: String = "") throws {
        switch (pattern, value) {
        case (.object(let pattern), _) where pattern.members.contains { $0.name.hasPrefix("$") }:
            try placeholder(pattern, value, path)
        case (.object(let pattern), .object(let object)):
            for member in pattern.members where member.name != "..." {
                guard let value = object[member.name] else { throw fault(path, "has no member \(member.name)") }
                try match(value, member.value, at: "\(path).\(member.name)")
            }
            guard pattern["..."] == nil else { return }
            for member in object.members where pattern[member.name] == nil {
                throw fault(path, "has a member \(member.name) that was not expected")
            }
        case (.array(let pattern), .array(let elements)):
            guard pattern.count == elements.count else {
                throw fault(path, "has \(elements.count) elements, not \(pattern.count)")
            }
            for index in elements.indices { try match(elements[index], pattern[index], at: "\(path)[\(index)]") }
        default:
            guard value == pattern else { throw fault(path, "is \(value), not \(pattern)") }
        }
    }

    private mutating func placeholder(_ pattern: JSONObject, _ value: JSONValue, _ path: String) throws {
        for member in pattern.members {
            switch (member.name, member.value) {
            case ("$any", .string(let kind)):
                guard kind == "value" || kind == Self.kind(of: value) || kind == "number" && Self.isNumber(value) else {
                    throw fault(path, "is \(value.kind), not a value of kind \(kind)")
                }
            case ("$let", .string(let name)): named[name] = value
            case ("$get", .string(let name)):
                guard let named = named[name], named == value else {
                    throw fault(path, "is \(value), not what was named \(name)")
                }
            case ("$contains", .string(let part)):
                guard case .string(let text) = value, text.contains(part) else {
                    throw fault(path, "does not contain \(part.quoted) but is \(value)")
                }
            case ("$oneOf", .array(let choices)):
                guard choices.contains(value) else { throw fault(path, "is \(value), none of \(choices)") }
            case ("$each", let element):
                guard case .array(let elements) = value else { throw fault(path, "is \(value.kind), not an array") }
                for index in elements.indices { try match(elements[index], element, at: "\(path)[\(index)]") }
            default: throw fault(path, "has the unknown placeholder \(member.name)")
            }
        }
    }

    private static func isNumber(_ value: JSONValue) -> Bool {
        if case .integer = value { return true }
        if case .number = value { return true }
        return false
    }

    private static func kind(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private func fault(_ path: String, _ what: String) -> Mismatch {
        Mismatch(description: "\(path.isEmpty ? "the message" : path) \(what)")
    }
}
