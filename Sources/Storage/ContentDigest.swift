import Crypto
package import Foundation

/// A SHA-256 digest.
package struct ContentDigest: Hashable, Sendable, Comparable {
    /// The 32 bytes as big-endian words, the first bytes in the first.
    package let words: InlineWords

    /// Four words, compared in order.
    package struct InlineWords: Hashable, Sendable {
        package var a: UInt64 = 0
        package var b: UInt64 = 0
        package var c: UInt64 = 0
        package var d: UInt64 = 0

        init() {}

        /// From 32 bytes, the first ones the highest.
        init(_ bytes: UnsafeRawBufferPointer) {
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            }
            (a, b, c, d) = (word(0), word(1), word(2), word(3))
        }

        var bigEndian: (UInt64, UInt64, UInt64, UInt64) {
            (a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian)
        }
    }

    /// The digest of `data`.
    package init(of data: some DataProtocol) {
        self.init(SHA256.hash(data: data))
    }

    init(_ digest: SHA256.Digest) {
        words = unsafe digest.withUnsafeBytes { unsafe InlineWords($0) }
    }

    /// Takes over the 32 `bytes` of a digest; nil if they are not 32.
    package init?(bytes: Data) {
        guard bytes.count == 32 else { return nil }
        words = unsafe bytes.withUnsafeBytes { unsafe InlineWords($0) }
    }

    /// Reads 64 hexadecimal digits in lower case; nil for anything else.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes = Data(capacity: 32)
        for pair in 0..<32 {
            guard let high = Self.nibble(digits[2 * pair]), let low = Self.nibble(digits[2 * pair + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
    }

    init(_ words: InlineWords) {
        self.words = words
    }

    /// In place of a digest whose content was erased; SHA-256 gives it for nothing that anybody knows.
    static let zero = ContentDigest(InlineWords())

    package var bytes: Data {
        unsafe withUnsafeBytes(of: words.bigEndian) { unsafe Data($0) }
    }

    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package static func < (left: ContentDigest, right: ContentDigest) -> Bool {
        (left.words.a, left.words.b, left.words.c, left.words.d)
            < (right.words.a, right.words.b, right.words.c, right.words.d)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}

extension ContentDigest: Codable, CustomStringConvertible {
    package var description: String { hex }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = ContentDigest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected 64 hexadecimal digits in lower case")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
