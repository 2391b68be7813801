import Tokenization

/// Reads what Tests/references/tokenizer_reference.py wrote; its format is described there.
struct ReferenceReader {
    struct Record {
        let tokenizer: Int
        let isFromCSV: Bool
        let text: String
        let pair: String?
        let maximumLength: Int
        let encoding: Encoding
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The names of the tokenizers' files, which come first; none if this is no such file.
    mutating func tokenizerNames() -> [String] {
        let magic = Array("tokenizer-reference 1\n".utf8)
        guard bytes.starts(with: magic) else { return [] }
        position = magic.count
        return (0..<number()).map { _ in string() }
    }

    mutating func next() -> Record? {
        guard !isAtEnd else { return nil }
        let tokenizer = number()
        let isFromCSV = byte() == 1
        let text = string()
        let hasPair = byte() == 1
        let pair = string()
        let maximumLength = number()
        let truncated = byte() == 1
        var encoding = Encoding(truncated: truncated)
        let offsets = [Self.offsets(text), hasPair ? Self.offsets(pair) : []]
        for _ in 0..<number() {
            encoding.ids.append(Int32(truncatingIfNeeded: number()))
            encoding.typeIDs.append(Int32(truncatingIfNeeded: number()))
            let source = Int(Int32(truncatingIfNeeded: number()))
            let scalars = number()..<number()
            let bytes = source < 0 ? 0..<0 : offsets[source][scalars.lowerBound]..<offsets[source][scalars.upperBound]
            encoding.spans.append(TokenSpan(text: source < 0 ? nil : source, scalars: scalars, bytes: bytes))
        }
        return Record(
            tokenizer: tokenizer,
            isFromCSV: isFromCSV,
            text: text,
            pair: hasPair ? pair : nil,
            maximumLength: maximumLength,
            encoding: encoding
        )
    }

    /// At which byte each scalar of a text starts, and the text's length.
    private static func offsets(_ text: String) -> [Int] {
        var end = 0
        return [0]
            + text.unicodeScalars.map { scalar in
                end += UTF8.width(scalar)
                return end
            }
    }

    private mutating func byte() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func number() -> Int {
        defer { position += 4 }
        return (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
    }

    private mutating func string() -> String {
        let length = number()
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }
}
