import Foundation
import Storage
import Testing

@Suite struct `A set of sequence numbers` {
    /// A small generator of its own (SplitMix64), so that failures can be repeated.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private func random(_ generator: inout Generator) -> (SequenceSet, Set<Int64>) {
        var set = SequenceSet()
        var model: Set<Int64> = []
        for _ in 0..<Int.random(in: 0...60, using: &generator) {
            let value = Int64.random(in: 1...40, using: &generator)
            if Int.random(in: 0..<3, using: &generator) == 0 {
                #expect(set.remove(value) == (model.remove(value) != nil))
            } else {
                #expect(set.insert(value) == model.insert(value).inserted)
            }
        }
        return (set, model)
    }

    @Test(arguments: 0..<300) func `does what a plain set does`(seed: UInt64) throws {
        var generator = Generator(state: seed)
        let (a, plainA) = random(&generator)
        let (b, plainB) = random(&generator)
        for (set, plain) in [
            (a, plainA), (a.union(b), plainA.union(plainB)), (a.intersection(b), plainA.intersection(plainB)),
            (a.subtracting(b), plainA.subtracting(plainB)),
        ] {
            #expect(Array(set.elements) == plain.sorted())
            #expect(set.count == plain.count)
            #expect(set.isEmpty == plain.isEmpty)
            #expect((1...41).allSatisfy { set.contains($0) == plain.contains($0) })
            // Ranges neither overlap nor touch.
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
            #expect(SequenceSet(set.description) == set)
            #expect(SequenceSet(plain) == set)
        }
        #expect(a.subtracting(b).isEmpty == plainA.isSubset(of: plainB))
        #expect(a.intersection(b).subtracting(a).isEmpty)
    }

    @Test func `is written as ranges`() throws {
        let set = SequenceSet(Array(1...40) + [43])
        #expect(set.description == "1-40,43")
        #expect(try JSONDecoder().decode([SequenceSet].self, from: JSONEncoder().encode([set])) == [set])
        #expect(SequenceSet("") == SequenceSet())
    }

    @Test(arguments: [
        ",", "0", "-1", "1-", "2-1", "1-1", "1,2", "1-3,4", "3,1", "1-3,2", "01", "1 ", "+1", "1-2-3", "x",
        "9223372036854775807", "1-9223372036854775807", "99999999999999999999",
    ])
    func `refuses what it would not have written`(text: String) {
        #expect(SequenceSet(text) == nil)
    }

    @Test func `counts up to the largest numbers`() {
        #expect(SequenceSet("1-9223372036854775806")?.count == Int.max - 1)
    }
}

@Suite struct `Digests of corrections` {
    private static let corrections = [
        NewCorrection(task: "classification", text: "my card", label: "card_arrival", uid: 1),
        NewCorrection(task: "classification", text: "é", textPair: "", label: "x", weight: 0.25, uid: 2),
        NewCorrection(task: "classification", text: "e\u{301}", label: "x", weight: 0.25, uid: 3),
    ]

    /// From Tests/references/storage_reference.py, which computes them with hashlib and Python's integers.
    private static let expected = [
        "2c517e7d26a568b822383ac8ea1f3b8a11a9eeb74a8e8a2b02c66ac3ed0de5a5",
        "69b3801e986163bb375a4362812d17e9b0e68e19a05c32ebcaa9355e9bc3351a",
        "1c89c51399fc0ebc87660fd8b5206850518bfe71188ad2308c7e4213eaaf5da3",
    ]
    private static let expectedSum = "b28ec3af5902db2fe0f88e04206cbbc4141c7b4203758f4759ede23673807862"

    @Test func `are those of the reference`() {
        #expect(Self.corrections.map(\.digest.hex) == Self.expected)
        #expect(
            Self.corrections[0].inputDigest.hex == "9257cf311e64edd8911ed962cc14273bdc6e1e3a31b881e008c841ebacef81e5")
    }

    @Test func `are summed up without regard to order`() throws {
        let digests = Self.corrections.map(\.digest)
        var sum = DigestSum()
        for digest in digests { sum.add(digest) }
        #expect(sum.hex == Self.expectedSum)
        var other = DigestSum()
        for digest in digests.reversed() { other.add(digest) }
        #expect(other == sum)
        for digest in digests { other.subtract(digest) }
        #expect(other == DigestSum())
        #expect(try JSONDecoder().decode([DigestSum].self, from: JSONEncoder().encode([sum])) == [sum])
    }

    @Test func `carry from word to word`() throws {
        let ones = try #require(ContentDigest(hex: String(repeating: "f", count: 64)))
        let one = try #require(ContentDigest(hex: String(repeating: "0", count: 63) + "1"))
        var sum = DigestSum()
        sum.add(ones)
        sum.add(one)
        #expect(sum == DigestSum())
        sum.subtract(one)
        #expect(sum.hex == ones.hex)
    }

    @Test func `do not depend on who sent it, or when, or what for`() {
        var other = Self.corrections[0]
        other.uid = 9
        other.idempotencyKey = "k"
        other.slice = "s"
        other.predicted = "p"
        #expect(other.digest == Self.corrections[0].digest)
        other.textPair = ""
        #expect(other.digest != Self.corrections[0].digest)
        #expect(other.inputDigest != Self.corrections[0].inputDigest)
    }

    @Test func `come back from their bytes and digits`() throws {
        let digest = Self.corrections[0].digest
        #expect(ContentDigest(bytes: digest.bytes) == digest)
        #expect(ContentDigest(hex: digest.hex) == digest)
        #expect(ContentDigest(hex: digest.hex.uppercased()) == nil)
        #expect(ContentDigest(bytes: digest.bytes.dropLast()) == nil)
        #expect(ContentDigest(of: Data("abc".utf8)).hex.hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
    }
}
