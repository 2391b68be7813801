package import LineProtocol

/// Checks values against JSON Schemas (2020-12), as far as those of this protocol use it; an unknown keyword throws.
package struct SchemaValidator {
    /// What does not fit, and where.
    package struct Violation: Error, CustomStringConvertible {
        package let description: String
    }

    private let documents: [String: JSONValue]

    package init(documents: [String: JSONValue]) { self.documents = documents }

    /// Throws unless `value` fits the schema in the file of this name.
    package func check(_ value: JSONValue, against name: String) throws {
        guard let document = documents[name] else { throw Violation(description: "there is no schema \(name)") }
        try check(value, document, in: name, at: name)
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, in document: String, at path: String) throws {
        guard case .object(let schema) = schema else {
            guard schema == true else { throw Violation(description: "\(path) is not allowed") }
            return
        }
        for keyword in schema.members {
            try check(value, keyword, of: schema, in: document, at: path)
        }
    }

    private func check(
        _ value: JSONValue,
        _ keyword: JSONObject.Member,
        of schema: JSONObject,
        in document: String,
        at path: String
    ) throws {
        func require(_ condition: Bool, _ what: String) throws {
            guard condition else { throw Violation(description: "\(path) \(what): \(value)") }
        }
        switch (keyword.name, keyword.value, value) {
        case ("$schema", _, _), ("$id", _, _), ("$defs", _, _), ("title", _, _), ("description", _, _): break
        case ("$ref", .string(let reference), _):
            let parts = reference.split(separator: "#", omittingEmptySubsequences: false)
            let file = parts[0].replacing(".schema.json", with: "")
            let target = file.isEmpty ? document : String(file)
            guard var found = documents[target] else { throw Violation(description: "no schema \(target)") }
            for name in (parts.count > 1 ? parts[1] : "").split(separator: "/") {
                guard case .object(let object) = found, let next = object[String(name)] else {
                    throw Violation(description: "\(reference) points nowhere")
                }
                found = next
            }
            try check(value, found, in: target, at: path)
        case ("type", .string(let type), _): try require(Self.isOf(type, value), "is not of type \(type)")
        case ("type", .array(let types), _):
            try require(types.contains { Self.isOf(Self.text($0), value) }, "is of none of the types \(types)")
        case ("const", let constant, _): try require(value == constant, "is not \(constant)")
        case ("enum", .array(let values), _): try require(values.contains(value), "is none of \(values)")
        case ("oneOf", .array(let schemas), _):
            let fitting = schemas.filter { (try? check(value, $0, in: document, at: path)) != nil }
            try require(fitting.count == 1, "fits \(fitting.count) of the alternatives")
        case ("not", let schema, _):
            try require((try? check(value, schema, in: document, at: path)) == nil, "fits what it must not")
        case ("properties", .object(let properties), .object(let object)):
            for member in object.members {
                if let schema = properties[member.name] {
                    try check(member.value, schema, in: document, at: "\(path).\(member.name)")
                }
            }
        case ("required", .array(let names), .object(let object)):
            for name in names { try require(object[Self.text(name)] != nil, "has no \(Self.text(name))") }
        case ("additionalProperties", false, .object(let object)):
            var known: [String] = []
            if case .object(let properties)? = schema["properties"] { known = properties.members.map(\.name) }
            for member in object.members { try require(known.contains(member.name), "must not have \(member.name)") }
        case ("items", let schema, .array(let elements)):
            for index in elements.indices { try check(elements[index], schema, in: document, at: "\(path)[\(index)]") }
        case ("minItems", .integer(let least), .array(let elements)):
            try require(elements.count >= least, "has under \(least) elements")
        case ("maxItems", .integer(let most), .array(let elements)):
            try require(elements.count <= most, "has over \(most) elements")
        case ("minLength", .integer(let least), .string(let text)):
            try require(text.unicodeScalars.count >= least, "has under \(least) characters")
        case ("maxLength", .integer(let most), .string(let text)):
            try require(text.unicodeScalars.count <= most, "has over \(most) characters")
        case ("minimum", let bound, _): try require(Self.compare(value, bound) { $0 >= $1 }, "is under \(bound)")
        case ("maximum", let bound, _): try require(Self.compare(value, bound) { $0 <= $1 }, "is over \(bound)")
        case ("exclusiveMinimum", let bound, _): try require(Self.compare(value, bound) { $0 > $1 }, "is not over it")
        case ("properties", _, _), ("required", _, _), ("additionalProperties", false, _), ("items", _, _),
            ("minItems", _, _), ("maxItems", _, _), ("minLength", _, _), ("maxLength", _, _):
            break
        default: throw Violation(description: "\(path): this validator does not know \(keyword.name)")
        }
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return ""
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number),
            ("string", .string), ("array", .array), ("object", .object):
            true
        default: false
        }
    }

    /// Values that are no numbers fit every bound, as the standard says.
    private static func compare(_ value: JSONValue, _ bound: JSONValue, _ fits: (Double, Double) -> Bool) -> Bool {
        func number(_ value: JSONValue) -> Double? {
            switch value {
            case .integer(let integer): Double(integer)
            case .number(let number): number
            default: nil
            }
        }
        guard let left = number(value), let right = number(bound) else { return true }
        return fits(left, right)
    }
}
