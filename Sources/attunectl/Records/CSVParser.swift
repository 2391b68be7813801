/// Reads comma-separated values as RFC 4180 defines them: quoted fields may hold commas, line breaks and doubled quotes.
package struct CSVParser {
    /// A record and the line of the file on which it begins.
    package struct Row: Equatable {
        package let line: Int
        package let fields: [String]
    }

    /// A fault, and the line it is on.
    package struct Fault: Error, Equatable {
        package let line: Int
        package let message: String
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// All records of `bytes`; empty lines are none.
    package static func rows(_ bytes: [UInt8]) throws(Fault) -> [Row] {
        var parser = CSVParser(bytes)
        var rows: [Row] = []
        while let row = try parser.row() {
            if row.fields != [""] { rows.append(row) }
        }
        return rows
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // Spreadsheets put a byte-order mark in front.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private mutating func row() throws(Fault) -> Row? {
        guard position < bytes.count else { return nil }
        let start = line
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { break }
            if bytes[position] == Self.comma {
                position += 1
                continue
            }
            if bytes[position] == Self.carriageReturn { position += 1 }
            position += 1
            line += 1
            break
        }
        return Row(line: start, fields: fields)
    }

    /// One field; afterwards the position is at a comma, a line's end, or the file's.
    private mutating func field() throws(Fault) -> String {
        guard position < bytes.count, bytes[position] == Self.quote else { return try plainField() }
        let start = line
        position += 1
        var content: [UInt8] = []
        while true {
            guard position < bytes.count else {
                throw Fault(line: start, message: "the quoted field that begins here never ends")
            }
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else { break }
                position += 1
            }
            if byte == Self.lineFeed { line += 1 }
            content.append(byte)
        }
        guard position == bytes.count || bytes[position] == Self.comma || isLineEnd else {
            throw Fault(line: line, message: "after a field's closing quote there must be a comma or the line's end")
        }
        return try text(content, from: start)
    }

    private mutating func plainField() throws(Fault) -> String {
        let start = position
        while position < bytes.count, bytes[position] != Self.comma, !isLineEnd {
            guard bytes[position] != Self.quote else {
                throw Fault(line: line, message: "a field with a quote in it must be quoted, and the quote doubled")
            }
            position += 1
        }
        return try text(Array(bytes[start..<position]), from: line)
    }

    private var isLineEnd: Bool {
        bytes[position] == Self.lineFeed
            || (bytes[position] == Self.carriageReturn
                && (position + 1 < bytes.count && bytes[position + 1] == Self.lineFeed))
    }

    private func text(_ content: [UInt8], from line: Int) throws(Fault) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Fault(line: line, message: "this is not UTF-8")
        }
        return text
    }
}
