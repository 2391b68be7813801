/// Reads one JSON text (RFC 8259) and nothing beside it.
///
/// Foundation's decoder accepts duplicate keys, trailing commas, a byte-order mark and UTF-16, and takes `1.0` for an
/// integer; on this wire each of them is refused. Beyond RFC 8259, U+0000 is refused in strings, since a store that keeps
/// C strings would cut them there. Recursion is bounded by ``Limits/depth``.
struct JSONScanner {
    /// Why a text is not acceptable.
    struct Fault: Error {
        let reason: ErrorReason
        let message: String
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private let bytes: [UInt8]
    private var position = 0

    /// The value that `bytes` hold.
    static func value(of bytes: [UInt8]) throws(Fault) -> JSONValue {
        var scanner = JSONScanner(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw Fault(reason: .byteOrderMark, message: "the line starts with a byte-order mark")
        }
        scanner.skipSpace()
        let value = try scanner.value(depth: 0)
        scanner.skipSpace()
        guard scanner.position == bytes.count else {
            throw scanner.fault("the line goes on after its JSON value", .trailingGarbage)
        }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || Self.digits.contains(byte): return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(Fault) -> JSONObject {
        try enter(depth)
        var members: [JSONObject.Member] = []
        var names: Set<JSONObject.ExactName> = []
        if accept(UInt8(ascii: "}")) { return JSONObject() }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            let name = try string()
            // A set costs more than it saves for a few names, and without one a line of many names takes quadratic time.
            let isNew: Bool
            if members.count < 8 {
                isNew = !members.contains { $0.name.utf8.elementsEqual(name.utf8) }
            } else {
                if names.isEmpty { names = Set(members.map { JSONObject.ExactName(name: $0.name) }) }
                isNew = names.insert(JSONObject.ExactName(name: name)).inserted
            }
            guard isNew else { throw fault("the key \(name.quoted) comes twice in one object", .duplicateKey) }
            guard accept(UInt8(ascii: ":")) else { throw unexpected("':'") }
            skipSpace()
            members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "}")) else { throw unexpected("',' or '}'") }
        return JSONObject(members)
    }

    private mutating func array(depth: Int) throws(Fault) -> [JSONValue] {
        try enter(depth)
        var elements: [JSONValue] = []
        if accept(UInt8(ascii: "]")) { return [] }
        repeat {
            skipSpace()
            elements.append(try value(depth: depth))
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "]")) else { throw unexpected("',' or ']'") }
        return elements
    }

    private mutating func enter(_ depth: Int) throws(Fault) {
        guard depth <= Limits.depth else {
            throw fault("arrays and objects are nested deeper than \(Limits.depth)", .tooDeep)
        }
        position += 1
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, text.description.utf8.elementsEqual(bytes[position..<end]) else {
            throw unexpected("a value")
        }
        position = end
        return value
    }

    private mutating func number() throws(Fault) -> JSONValue {
        let start = position
        if peek == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        guard skipDigits() else { throw unexpected("a digit") }
        guard bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else {
            position = firstDigit
            throw fault("a number starts with a needless 0")
        }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard skipDigits() else { throw unexpected("a digit after '.'") }
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            guard skipDigits() else { throw unexpected("a digit of the exponent") }
        }
        // Longer ones carry no information that a double keeps, and reading them takes more than linear time.
        guard position - start <= Limits.numberBytes else {
            position = start
            throw fault("a number has more than \(Limits.numberBytes) characters")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            position = start
            throw fault("the number \(text.quoted) is out of range")
        }
        return .number(number)
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek, Self.digits.contains(byte) { position += 1 }
        return position > start
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var start = position
        var unescaped: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                let text: String?
                if unescaped.isEmpty {
                    text = String(validating: bytes[start..<position], as: UTF8.self)
                } else {
                    unescaped += bytes[start..<position]
                    text = String(validating: unescaped, as: UTF8.self)
                }
                guard let text else { throw fault("the string that ends here is not valid UTF-8", .invalidUTF8) }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                unescaped += bytes[start..<position]
                try escape(into: &unescaped)
                start = position
            case 0: throw fault("a string holds a NUL byte", .nul)
            case 1..<0x20: throw fault("a string holds an unescaped control character")
            default: position += 1
            }
        }
        throw fault("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Fault) {
        position += 1
        let letter = peek
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[position - 1])
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var value = UInt32(try codeUnit())
            if UTF16.isTrailSurrogate(UInt16(value)) { throw loneSurrogate }
            if UTF16.isLeadSurrogate(UInt16(value)) {
                guard accept(UInt8(ascii: "\\"), UInt8(ascii: "u")) else { throw loneSurrogate }
                let trail = try codeUnit()
                guard UTF16.isTrailSurrogate(trail) else { throw loneSurrogate }
                value = 0x10000 + ((value - 0xD800) << 10) + UInt32(trail - 0xDC00)
            }
            guard value != 0 else { throw fault("a string holds U+0000", .nul) }
            guard let scalar = Unicode.Scalar(value) else { throw loneSurrogate }
            text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        default:
            position -= 1
            throw fault("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        let digits = bytes[position..<min(position + 4, bytes.count)]
        var unit: UInt16 = 0
        for digit in digits {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { break }
            unit = unit << 4 | UInt16(value)
            position += 1
        }
        guard digits.count == 4, position == digits.endIndex else { throw fault("a \\u escape without four digits") }
        return unit
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func accept(_ first: UInt8, _ second: UInt8) -> Bool {
        guard position + 1 < bytes.count, bytes[position] == first, bytes[position + 1] == second else { return false }
        position += 2
        return true
    }

    private var loneSurrogate: Fault { fault("a \\u escape is half of a surrogate pair", .invalidUTF8) }

    private func unexpected(_ expected: String) -> Fault {
        switch peek {
        case nil: return fault("the line ends where \(expected) was expected")
        case 0: return fault("the line holds a NUL byte", .nul)
        case let byte? where byte >= 0x80: return fault("expected \(expected), found the byte \(byte)")
        case let byte?:
            return fault("expected \(expected), found \(String(Unicode.Scalar(byte)).quoted)")
        }
    }

    private func fault(_ what: String, _ reason: ErrorReason = .notJSON) -> Fault {
        Fault(reason: reason, message: "not acceptable JSON at byte \(min(position, bytes.count)): \(what)")
    }
}

extension String {
    /// The text in quotes, cut to a length that suits a message and with control characters made visible.
    package var quoted: String {
        let shown = unicodeScalars.prefix(64).map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
        }
        return "'" + shown.joined() + (unicodeScalars.count > 64 ? "…'" : "'")
    }
}
