/// Reads the JSON header of a safetensors file: exactly the JSON it may hold, and nothing more.
///
/// A general JSON reader accepts duplicate names and numbers beyond an integer; both must be refused here.
struct HeaderParser {
    private let bytes: [UInt8]
    private var position = 0

    /// A syntax error, without the path, which the caller adds.
    struct Fault: Error {
        let reason: String
    }

    /// One tensor as the header states it, before its offsets are checked.
    struct RawEntry {
        var elementType: String?
        var shape: [Int]?
        var offsets: [Int]?
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The header's entries in their order, and its metadata.
    mutating func parse() throws(Fault) -> (entries: [(name: String, entry: RawEntry)], metadata: [String: String]) {
        var entries: [(name: String, entry: RawEntry)] = []
        var metadata: [String: String] = [:]
        var names: Set<String> = []
        // Writers may pad in front, too, so that the data begins at a page.
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else {
            throw Fault(reason: "the header must start with '{'")
        }
        try object { parser, name throws(Fault) in
            guard names.insert(name).inserted else { throw Fault(reason: "the header names '\(name)' twice") }
            if name == "__metadata__" {
                metadata = try parser.strings()
            } else {
                entries.append((name, try parser.entry(name)))
            }
        }
        skipSpace()
        guard position == bytes.count else { throw Fault(reason: "the header goes on after its JSON object") }
        return (entries, metadata)
    }

    private mutating func strings() throws(Fault) -> [String: String] {
        var values: [String: String] = [:]
        try object { parser, name throws(Fault) in
            let value = try parser.string()
            guard values.updateValue(value, forKey: name) == nil else {
                throw Fault(reason: "__metadata__ names '\(name)' twice")
            }
        }
        return values
    }

    private mutating func entry(_ tensor: String) throws(Fault) -> RawEntry {
        var entry = RawEntry()
        try object { parser, name throws(Fault) in
            switch name {
            case "dtype" where entry.elementType == nil: entry.elementType = try parser.string()
            case "shape" where entry.shape == nil: entry.shape = try parser.integers()
            case "data_offsets" where entry.offsets == nil: entry.offsets = try parser.integers()
            case "dtype", "shape", "data_offsets": throw Fault(reason: "tensor '\(tensor)' has '\(name)' twice")
            default: throw Fault(reason: "tensor '\(tensor)' has an unknown field '\(name)'")
            }
        }
        return entry
    }

    private mutating func object(_ member: (inout HeaderParser, String) throws(Fault) -> Void) throws(Fault) {
        try expect("{")
        if accept("}") { return }
        repeat {
            skipSpace()
            let name = try string()
            try expect(":")
            skipSpace()
            try member(&self, name)
        } while accept(",")
        try expect("}")
    }

    private mutating func integers() throws(Fault) -> [Int] {
        var values: [Int] = []
        try expect("[")
        if accept("]") { return [] }
        repeat {
            skipSpace()
            let start = position
            var value = 0
            while position < bytes.count, case let digit = bytes[position], (48...57).contains(digit) {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int(digit - 48))
                guard !overflow, !carry else { throw Fault(reason: "a number in the header is too large") }
                value = sum
                position += 1
            }
            guard position > start, !(bytes[start] == 48 && position - start > 1) else {
                throw Fault(reason: "expected a non-negative integer at byte \(start) of the header")
            }
            values.append(value)
        } while accept(",")
        try expect("]")
        return values
    }

    private mutating func string() throws(Fault) -> String {
        try expect("\"")
        let start = position
        var hasEscape = false
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] >= 0x20 else { throw Fault(reason: "a control character in a string of the header") }
            if bytes[position] == UInt8(ascii: "\\") {
                hasEscape = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw Fault(reason: "a string in the header does not end") }
        let raw = bytes[start..<position]
        position += 1
        if !hasEscape { return String(decoding: raw, as: UTF8.self) }
        return try unescaped(Array(raw))
    }

    private func unescaped(_ raw: [UInt8]) throws(Fault) -> String {
        var units: [UInt16] = []
        var index = 0
        var text = ""
        func flush() throws(Fault) {
            let decoded = String(decoding: units, as: UTF16.self)
            guard Array(decoded.utf16) == units else { throw Fault(reason: "a lone surrogate in the header") }
            text += decoded
            units = []
        }
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                let end = raw[index...].firstIndex(of: UInt8(ascii: "\\")) ?? raw.count
                units += Array(String(decoding: raw[index..<end], as: UTF8.self).utf16)
                index = end
                continue
            }
            index += 2
            switch raw[index - 1] {
            case UInt8(ascii: "\""): units.append(0x22)
            case UInt8(ascii: "\\"): units.append(0x5c)
            case UInt8(ascii: "/"): units.append(0x2f)
            case UInt8(ascii: "b"): units.append(8)
            case UInt8(ascii: "f"): units.append(12)
            case UInt8(ascii: "n"): units.append(10)
            case UInt8(ascii: "r"): units.append(13)
            case UInt8(ascii: "t"): units.append(9)
            case UInt8(ascii: "u"):
                let digits = raw[index..<min(index + 4, raw.count)]
                guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
                else { throw Fault(reason: "a broken \\u escape in the header") }
                units.append(unit)
                index += 4
            default: throw Fault(reason: "an unknown escape in the header")
            }
        }
        try flush()
        return text
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard accept(character) else {
            throw Fault(reason: "expected '\(character)' at byte \(position) of the header")
        }
    }
}
