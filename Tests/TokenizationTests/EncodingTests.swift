import Testing
import Tokenization

@Suite struct `Encoding a text` {
    let tokenizer: Tokenizer

    init() throws { tokenizer = try TinyTokenizer().tokenizer() }

    @Test(arguments: [
        ("Hello, worlds", ["hello", ",", "world", "##s"]),
        ("unable", ["un", "##able"]),
        ("unablez", ["[UNK]"]),
        ("helloaaa", ["hello", "##a", "##a", "##a"]),
        ("helloaaaa", ["[UNK]"]),
        ("a中b", ["a", "中", "b"]),
        ("É e\u{301}", ["e", "e"]),
        ("hel\u{0}lo\u{200d}\u{a0}world\u{2029}a", ["hello", "world", "a"]),
        ("[MASK]a[mask]", ["[MASK]", "a", "[UNK]", "[UNK]", "[UNK]"]),
        ("", []),
        (" \u{3000}\n", []),
    ])
    func `takes the longest tokens there are, and whole words for unknown`(text: String, tokens: [String]) {
        #expect(tokenizer.tokens(text) == tokens)
    }

    @Test(arguments: [
        (#""strip_accents": true, "lowercase": false"#, "HÉ Hello é", ["[UNK]", "Hello", "e"]),
        (#""strip_accents": false, "lowercase": true"#, "É e Hello", ["é", "e", "hello"]),
        (#""strip_accents": null, "lowercase": false"#, "é Hello hello", ["é", "Hello", "hello"]),
        (#""strip_accents": null, "lowercase": true"#, "É Hello", ["e", "hello"]),
        (#""lowercase": true"#, "É Hello", ["e", "hello"]),
    ])
    func `strips accents where it is said, and else where it lowercases`(
        fields: String,
        text: String,
        tokens: [String]
    ) throws {
        let tokenizer = try TinyTokenizer.with {
            $0.normalizer =
                #"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, \#(fields)}"#
        }
        #expect(tokenizer.tokens(text) == tokens)
    }

    @Test func `keeps what it is not told to change`() throws {
        let tokenizer = try TinyTokenizer.with { $0.normalizer = "null" }
        #expect(tokenizer.tokens("Hello hello é e\u{301} a中") == ["Hello", "hello", "é", "[UNK]", "[UNK]"])
        #expect(tokenizer.tokens("a\u{0}b") == ["[UNK]"])
    }

    @Test func `tells a composed accent from a decomposed one`() throws {
        let tokenizer = try TinyTokenizer.with { tiny in
            tiny.normalizer = "null"
            tiny.vocabulary.append((name: "e\u{301}", id: 40))
        }
        #expect(tokenizer.tokens("é e\u{301}").map { Array($0.utf8) } == [Array("é".utf8), Array("e\u{301}".utf8)])
        #expect(tokenizer.id(for: "é") == 14)
        #expect(tokenizer.id(for: "e\u{301}") == 40)
    }

    @Test func `knows tokens by name and by id, with gaps between them`() throws {
        let tokenizer = try TinyTokenizer.with { $0.vocabulary.append((name: "far", id: 1_000_000)) }
        #expect(tokenizer.vocabularySize == 1_000_001)
        #expect(tokenizer.token(for: 1_000_000) == "far")
        #expect(tokenizer.token(for: 999_999) == nil)
        #expect(tokenizer.token(for: -1) == nil)
        #expect(tokenizer.id(for: "far") == 1_000_000)
        #expect(tokenizer.id(for: "near") == nil)
        #expect(tokenizer.id(for: "") == nil)
    }

    @Test func `says where each token comes from, in scalars and in bytes`() {
        let encoding = tokenizer.encode("É\u{1f600} \u{200b}worlds", pair: "中a", maximumLength: 100, spans: true)
        #expect(encoding.ids == [2, 1, 6, 7, 3, 12, 20, 3])
        let none = TokenSpan(text: nil, scalars: 0..<0, bytes: 0..<0)
        #expect(
            encoding.spans == [
                none,
                TokenSpan(text: 0, scalars: 0..<2, bytes: 0..<6),
                TokenSpan(text: 0, scalars: 4..<9, bytes: 10..<15),
                TokenSpan(text: 0, scalars: 9..<10, bytes: 15..<16),
                none,
                TokenSpan(text: 1, scalars: 0..<1, bytes: 0..<3),
                TokenSpan(text: 1, scalars: 1..<2, bytes: 3..<4),
                none,
            ]
        )
    }

    @Test func `makes the same of a long text as of its words`() {
        let words = ["hello", "unable", "中", "é", ", ", "[MASK]", " a "]
        var generator = SeededGenerator(state: 7)
        let chosen = (0..<6000).map { _ in words[Int(generator.next() % UInt64(words.count))] }
        let text = chosen.joined(separator: " ")
        let expected = chosen.flatMap { tokenizer.tokens($0) }
        #expect(text.utf8.count > 20_000)
        #expect(tokenizer.tokens(text) == expected)
        let cut = tokenizer.encode(text, maximumLength: 100)
        #expect(cut.ids.dropFirst().dropLast().elementsEqual(expected.prefix(98).compactMap { tokenizer.id(for: $0) }))
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
