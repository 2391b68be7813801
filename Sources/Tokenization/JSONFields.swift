/// The fields of one JSON object, taken out one by one, so that what nobody took can be refused by name.
struct JSONFields {
    /// Where it is in the file, for messages.
    let place: String
    private var members: [(key: String, value: JSONValue)]

    init(_ value: JSONValue, at place: String) throws(TokenizerFault) {
        guard case .object(let members) = value else {
            throw TokenizerFault("'\(place)': expected an object, not \(value.kind)")
        }
        self.place = place
        self.members = members
    }

    /// The value of `name`, which must be there.
    mutating func value(_ name: String) throws(TokenizerFault) -> JSONValue {
        guard let value = try optional(name) else { throw TokenizerFault("'\(place)': '\(name)' is missing") }
        return value
    }

    /// The value of `name`; nil where it is absent or null.
    mutating func valueUnlessNull(_ name: String) throws(TokenizerFault) -> JSONValue? {
        guard let value = try optional(name) else { return nil }
        if case .null = value { return nil }
        return value
    }

    mutating func flag(_ name: String) throws(TokenizerFault) -> Bool {
        guard case .flag(let flag) = try value(name) else { throw fault(name, "expected true or false") }
        return flag
    }

    mutating func string(_ name: String) throws(TokenizerFault) -> String {
        guard case .string(let string) = try value(name) else { throw fault(name, "expected a string") }
        return string
    }

    mutating func array(_ name: String) throws(TokenizerFault) -> [JSONValue] {
        guard case .array(let elements) = try value(name) else { throw fault(name, "expected an array") }
        return elements
    }

    mutating func object(_ name: String) throws(TokenizerFault) -> [(key: String, value: JSONValue)] {
        guard case .object(let members) = try value(name) else { throw fault(name, "expected an object") }
        return members
    }

    /// A token's or a type's id.
    mutating func id(_ name: String) throws(TokenizerFault) -> Int32 {
        guard let id = try value(name).id else { throw fault(name, "expected an id from 0 to \(JSONValue.highestID)") }
        return id
    }

    /// The field `type`; nil where it is absent.
    mutating func type() throws(TokenizerFault) -> String? {
        guard let value = try optional("type") else { return nil }
        guard case .string(let type) = value else { throw fault("type", "expected a string") }
        return type
    }

    /// Refuses what was not taken.
    func finish() throws(TokenizerFault) {
        if let member = members.first { throw TokenizerFault("'\(place)': unknown field '\(member.key)'") }
    }

    /// An error about the field `name`.
    func fault(_ name: String, _ expected: String) -> TokenizerFault {
        TokenizerFault("'\(place)': '\(name)': \(expected)")
    }

    private mutating func optional(_ name: String) throws(TokenizerFault) -> JSONValue? {
        guard let index = members.firstIndex(where: { $0.key.isSame(as: name) }) else { return nil }
        let value = members.remove(at: index).value
        guard !members.contains(where: { $0.key.isSame(as: name) }) else {
            throw TokenizerFault("'\(place)': '\(name)' is there twice")
        }
        return value
    }
}

extension JSONValue {
    /// Ids are stored in 32 bits, and there is one more of them than the highest.
    static let highestID = Int32.max - 1

    /// The value as an id, or nil.
    var id: Int32? {
        guard case .integer(let integer) = self, (0...Int(Self.highestID)).contains(integer) else { return nil }
        return Int32(integer)
    }
}
