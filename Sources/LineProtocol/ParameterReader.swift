/// Reads the parameters of a method by name and says by name what is wrong with them.
struct ParameterReader {
    private let object: JSONObject
    /// What the parameters belong to: a method, or a parameter that is an object itself.
    private let owner: String
    /// What goes before a name in messages, such as `examples[3].`.
    private let prefix: String

    /// Refuses any parameter that is not among `names`.
    init(
        _ object: JSONObject,
        of owner: String,
        taking names: [String],
        prefix: String = ""
    ) throws(ProtocolError) {
        self.object = object
        self.owner = owner
        self.prefix = prefix
        for member in object.members where !names.contains(where: { $0.utf8.elementsEqual(member.name.utf8) }) {
            if member.name == "progressToken", prefix.isEmpty {
                throw wrongType(member.name, "a string or an integer", member.value)
            }
            let taken = names.isEmpty ? "no parameters" : names.joined(separator: ", ")
            throw ProtocolError(
                .invalidParameters,
                .unknownParameter,
                "unknown parameter \(member.name.quoted) of \(owner); it takes \(taken)"
            )
        }
    }

    func has(_ name: String) -> Bool { object[name] != nil }

    func value(_ name: String) throws(ProtocolError) -> JSONValue {
        guard let value = object[name] else {
            throw ProtocolError(
                .invalidParameters,
                .missingParameter,
                "missing parameter '\(prefix)\(name)' of \(owner)"
            )
        }
        return value
    }

    func string(_ name: String) throws(ProtocolError) -> String {
        let value = try value(name)
        guard case .string(let string) = value else { throw wrongType(name, "a string", value) }
        return string
    }

    /// A string that is kept as a name: neither empty nor long, without control characters.
    func name(_ name: String) throws(ProtocolError) -> String {
        let string = try string(name)
        guard !string.isEmpty else { throw outOfRange(name, "must not be empty") }
        guard string.utf8.count <= Limits.nameBytes else {
            throw outOfRange(name, "has \(string.utf8.count) bytes; at most \(Limits.nameBytes) are allowed")
        }
        guard string.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw outOfRange(name, "must not hold control characters")
        }
        return string
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ProtocolError) -> Int {
        let value = try value(name)
        guard case .integer(let wide) = value, let integer = Int(exactly: wide) else {
            throw wrongType(name, "an integer", value)
        }
        guard range.contains(integer) else {
            let bounds =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw outOfRange(name, "must be \(bounds), not \(integer)")
        }
        return integer
    }

    func number(_ name: String) throws(ProtocolError) -> Double {
        switch try value(name) {
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case let value: throw wrongType(name, "a number", value)
        }
    }

    func bool(_ name: String) throws(ProtocolError) -> Bool {
        let value = try value(name)
        guard case .bool(let bool) = value else { throw wrongType(name, "a boolean", value) }
        return bool
    }

    func array(_ name: String) throws(ProtocolError) -> [JSONValue] {
        let value = try value(name)
        guard case .array(let elements) = value else { throw wrongType(name, "an array", value) }
        return elements
    }

    func id(_ name: String) throws(ProtocolError) -> RequestID {
        let value = try value(name)
        guard let id = RequestID(value) else { throw wrongType(name, "a string or an integer", value) }
        return id
    }

    /// One word out of a few.
    func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Word.Type = Word.self,
        from words: [Word] = Array(Word.allCases)
    ) throws(ProtocolError) -> Word {
        let string = try string(name)
        guard let word = words.first(where: { $0.rawValue == string }) else {
            let known = words.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw outOfRange(name, "must be one of \(known), not \(string.quoted)")
        }
        return word
    }

    func input(_ name: String) throws(ProtocolError) -> Input {
        try Input(try value(name), named: prefix + name)
    }

    /// `input`, or `inputs`; not both and not neither.
    func inputs() throws(ProtocolError) -> Inputs {
        switch (has("input"), has("inputs")) {
        case (true, true):
            throw ProtocolError(
                .invalidParameters,
                .conflictingParameters,
                "\(owner) takes either 'input' or 'inputs', not both"
            )
        case (false, false):
            throw ProtocolError(
                .invalidParameters,
                .missingParameter,
                "missing parameter 'input' (or 'inputs') of \(owner)"
            )
        case (true, false): return .one(try input("input"))
        case (false, true):
            let elements = try array("inputs")
            guard !elements.isEmpty else { throw outOfRange("inputs", "must not be empty") }
            guard elements.count <= Limits.inputs else {
                throw outOfRange("inputs", "has \(elements.count) elements; at most \(Limits.inputs) are allowed")
            }
            var inputs: [Input] = []
            inputs.reserveCapacity(elements.count)
            for index in elements.indices {
                inputs.append(try Input(elements[index], named: "inputs[\(index)]"))
            }
            return .many(inputs)
        }
    }

    /// The result of `read` if the parameter is there.
    func optional<Value>(
        _ name: String,
        _ read: (String) throws(ProtocolError) -> Value
    ) throws(ProtocolError) -> Value? {
        has(name) ? try read(name) : nil
    }

    func wrongType(_ name: String, _ expected: String, _ found: JSONValue) -> ProtocolError {
        ProtocolError(.invalidParameters, .wrongType, "'\(prefix)\(name)' must be \(expected), not \(found.kind)")
    }

    func outOfRange(_ name: String, _ what: String) -> ProtocolError {
        ProtocolError(.invalidParameters, .outOfRange, "'\(prefix)\(name)' \(what)")
    }
}
