/// The digest of a multiset of digests: their sum as big-endian numbers, modulo 2^256.
///
/// It does not depend on an order, and one more or one less costs one addition, where a hash over all of 50,000
/// corrections would cost milliseconds each time. It tells honest sets apart as SHA-256 would; unlike it, it does not
/// withstand someone who may choose thousands of members freely.
package struct DigestSum: Hashable, Sendable {
    private var total = ContentDigest.InlineWords()

    package init() {}

    package mutating func add(_ digest: ContentDigest) {
        var carry = false
        total.d = Self.sum(total.d, digest.words.d, &carry)
        total.c = Self.sum(total.c, digest.words.c, &carry)
        total.b = Self.sum(total.b, digest.words.b, &carry)
        total.a = Self.sum(total.a, digest.words.a, &carry)
    }

    package mutating func subtract(_ digest: ContentDigest) {
        // a − b = a + ~b + 1 in two's complement.
        var carry = true
        total.d = Self.sum(total.d, ~digest.words.d, &carry)
        total.c = Self.sum(total.c, ~digest.words.c, &carry)
        total.b = Self.sum(total.b, ~digest.words.b, &carry)
        total.a = Self.sum(total.a, ~digest.words.a, &carry)
    }

    private static func sum(_ left: UInt64, _ right: UInt64, _ carry: inout Bool) -> UInt64 {
        let (partial, first) = left.addingReportingOverflow(right)
        let (result, second) = partial.addingReportingOverflow(carry ? 1 : 0)
        carry = first || second
        return result
    }
}

extension DigestSum: Codable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    package var hex: String { ContentDigest(total).hex }
    package var description: String { hex }

    package init(from decoder: any Decoder) throws {
        total = try ContentDigest(from: decoder).words
    }

    package func encode(to encoder: any Encoder) throws {
        try ContentDigest(total).encode(to: encoder)
    }
}

/// Corrections that something was made from: which ones, and a digest over their contents.
package struct CorrectionSet: Equatable, Sendable {
    package private(set) var sequences = SequenceSet()
    package private(set) var sum = DigestSum()

    package init() {}

    package var count: Int { sequences.count }

    /// Adds a correction by its sequence and its content's digest; false if it was there.
    @discardableResult package mutating func insert(_ sequence: Int64, _ digest: ContentDigest) -> Bool {
        guard sequences.insert(sequence) else { return false }
        sum.add(digest)
        return true
    }

    /// Takes a correction out, with the digest it was added with; false if it was not there.
    @discardableResult package mutating func remove(_ sequence: Int64, _ digest: ContentDigest) -> Bool {
        guard sequences.remove(sequence) else { return false }
        sum.subtract(digest)
        return true
    }
}

extension CorrectionSet: Codable {
    private enum CodingKeys: String, CodingKey {
        case sequences, count, digestSum
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sequences = try container.decode(SequenceSet.self, forKey: .sequences)
        sum = try container.decode(DigestSum.self, forKey: .digestSum)
        guard try container.decode(Int.self, forKey: .count) == sequences.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .count, in: container, debugDescription: "is not the number of 'sequences'")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sequences, forKey: .sequences)
        try container.encode(count, forKey: .count)
        try container.encode(sum, forKey: .digestSum)
    }
}
