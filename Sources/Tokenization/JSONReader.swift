import Foundation

/// Reads a whole JSON text (RFC 8259): UTF-8 without a byte-order mark, nothing after the value.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private static let deepest = 64

    /// The value of the JSON text `data`.
    static func value(of data: Data) throws(TokenizerFault) -> JSONValue {
        let bytes = [UInt8](data)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw TokenizerFault("not UTF-8") }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.fault("nothing more") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(TokenizerFault) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw fault("a value") }
        guard depth < Self.deepest else { throw TokenizerFault("nested deeper than \(Self.deepest) levels") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .flag(true))
        case UInt8(ascii: "f"): return try literal("false", .flag(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(TokenizerFault) -> JSONValue {
        position += 1
        var members: [(key: String, value: JSONValue)] = []
        if accept("}") { return .object(members) }
        repeat {
            skipSpace()
            let key = try string()
            guard accept(":") else { throw fault("':'") }
            members.append((key, try value(depth: depth + 1)))
        } while accept(",")
        guard accept("}") else { throw fault("',' or '}'") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(TokenizerFault) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        if accept("]") { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while accept(",")
        guard accept("]") else { throw fault("',' or ']'") }
        return .array(elements)
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(TokenizerFault) -> JSONValue {
        let text = "\(word)"
        guard bytes[position...].starts(with: text.utf8) else { throw fault("a value") }
        position += text.utf8.count
        return value
    }

    private mutating func number() throws(TokenizerFault) -> JSONValue {
        let start = position
        acceptByte("-")
        let firstDigit = position
        guard skipDigits() > 0, bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else {
            throw fault("a value")
        }
        var isInteger = true
        if acceptByte(".") {
            isInteger = false
            guard skipDigits() > 0 else { throw fault("a digit") }
        }
        if acceptByte("e") || acceptByte("E") {
            isInteger = false
            if !acceptByte("+") { acceptByte("-") }
            guard skipDigits() > 0 else { throw fault("a digit") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw TokenizerFault("the number \(text) is too large")
        }
        return .number(number)
    }

    private mutating func string() throws(TokenizerFault) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault("a string") }
        position += 1
        let start = position
        var hasEscape = false
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] >= 0x20 else { throw fault("no control character in a string") }
            if bytes[position] == UInt8(ascii: "\\") {
                hasEscape = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw TokenizerFault("not JSON: a string does not end") }
        let raw = bytes[start..<position]
        position += 1
        return hasEscape ? try Self.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }

    private static func unescaped(_ raw: ArraySlice<UInt8>) throws(TokenizerFault) -> String {
        var text: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "u"): text += Array(String(try escapedScalar(&rest)).utf8)
            default: throw TokenizerFault("not JSON: an unknown escape in a string")
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What `\u` begins: one unit, or two that make up a pair.
    private static func escapedScalar(_ rest: inout ArraySlice<UInt8>) throws(TokenizerFault) -> Unicode.Scalar {
        let unit = try escapedUnit(&rest)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
            case let trail = try escapedUnit(&rest), UTF16.isTrailSurrogate(trail),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit & 0x3ff) << 10 | UInt32(trail & 0x3ff)))
        else { throw TokenizerFault("not JSON: a lone surrogate in a string") }
        return scalar
    }

    private static func escapedUnit(_ rest: inout ArraySlice<UInt8>) throws(TokenizerFault) -> UInt16 {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw TokenizerFault("not JSON: a broken \\u escape in a string") }
        rest = rest.dropFirst(4)
        return unit
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        return position - start
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return acceptByte(character)
    }

    @discardableResult
    private mutating func acceptByte(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func fault(_ expected: String) -> TokenizerFault {
        TokenizerFault("not JSON: expected \(expected) at byte \(position)")
    }
}
