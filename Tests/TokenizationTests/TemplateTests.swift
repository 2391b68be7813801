import Testing
import Tokenization

@Suite struct `Templates and truncation` {
    @Test func `surround a text, and join two with type ids`() throws {
        let tokenizer = try TinyTokenizer().tokenizer()
        let single = tokenizer.encode("hello worlds", maximumLength: 256)
        #expect(single == Encoding(ids: [2, 5, 6, 7, 3], typeIDs: [0, 0, 0, 0, 0]))
        let pair = tokenizer.encode("hello", pair: "a b", maximumLength: 256)
        #expect(pair == Encoding(ids: [2, 5, 3, 20, 21, 3], typeIDs: [0, 0, 0, 1, 1, 1]))
        let empty = tokenizer.encode("", pair: "", maximumLength: 256)
        #expect(empty == Encoding(ids: [2, 3, 3], typeIDs: [0, 0, 1]))
    }

    @Test func `are BERT's if the file says only which tokens`() throws {
        let tokenizer = try TinyTokenizer.with {
            $0.postProcessor = #"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#
        }
        let plain = try TinyTokenizer().tokenizer()
        for pair in [nil, "a b"] {
            let expected = plain.encode("hello", pair: pair, maximumLength: 6)
            #expect(tokenizer.encode("hello", pair: pair, maximumLength: 6) == expected)
        }
    }

    @Test func `add nothing if there is none`() throws {
        let tokenizer = try TinyTokenizer.with { $0.postProcessor = "null" }
        let encoding = tokenizer.encode("a", pair: "b c", maximumLength: 2)
        #expect(encoding == Encoding(ids: [20, 21], typeIDs: [0, 1], truncated: true))
    }

    @Test func `may have any order, types, and several ids for a token`() throws {
        let tokenizer = try TinyTokenizer.with {
            $0.postProcessor = """
                {"type": "TemplateProcessing",
                 "single": [{"Sequence": {"id": "A", "type_id": 4}}, {"SpecialToken": {"id": "two", "type_id": 5}}],
                 "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "two", "type_id": 2}},
                          {"Sequence": {"id": "A", "type_id": 3}}],
                 "special_tokens": {"two": {"id": "two", "ids": [3, 4], "tokens": ["[SEP]", "[MASK]"]}}}
                """
        }
        #expect(tokenizer.encode("a b", maximumLength: 9) == Encoding(ids: [20, 21, 3, 4], typeIDs: [4, 4, 5, 5]))
        let pair = tokenizer.encode("a b", pair: "c d", maximumLength: 4)
        #expect(pair == Encoding(ids: [22, 3, 4, 20], typeIDs: [1, 2, 2, 3], truncated: true))
    }

    @Test(arguments: [
        (5, [2, 20, 21, 22, 3], false),
        (4, [2, 20, 21, 3], true),
        (3, [2, 20, 3], true),
        (2, [2, 3], true),
        (1, [2], true),
        (0, [], true),
        (-1, [], true),
        (Int.min, [], true),
        (Int.max, [2, 20, 21, 22, 3], false),
    ])
    func `keep the beginning of what is too long, and say so`(length: Int, ids: [Int32], truncated: Bool) throws {
        let encoding = try TinyTokenizer().tokenizer().encode("a b c", maximumLength: length, spans: true)
        #expect(encoding.ids == ids)
        #expect(encoding.typeIDs.count == ids.count)
        #expect(encoding.spans.count == ids.count)
        #expect(encoding.truncated == truncated)
    }

    /// What Hugging Face keeps of two texts, as `truncation.rs` has it and the reference test confirms.
    @Test(arguments: [
        (3, 3, 6, 3, 3), (3, 3, 5, 2, 3), (4, 3, 5, 3, 2), (3, 4, 5, 2, 3), (1, 6, 5, 1, 4), (6, 1, 5, 4, 1),
        (6, 2, 5, 3, 2), (7, 6, 5, 3, 2), (6, 7, 5, 2, 3), (7, 7, 5, 2, 3), (7, 0, 4, 4, 0), (0, 7, 4, 0, 4),
        (2, 2, 1, 0, 1), (3, 2, 1, 1, 0), (2, 2, 0, 0, 0),
    ])
    func `cut the longer of two texts first`(first: Int, second: Int, room: Int, kept: Int, keptPair: Int) throws {
        let text = Array(repeating: "a", count: first).joined(separator: " ")
        let pair = Array(repeating: "b", count: second).joined(separator: " ")
        let encoding = try TinyTokenizer().tokenizer().encode(text, pair: pair, maximumLength: room + 3)
        #expect(encoding.ids.count { $0 == 20 } == kept)
        #expect(encoding.ids.count { $0 == 21 } == keptPair)
        #expect(encoding.truncated == (first + second > room))
    }

    @Test func `have room for the odd token in the longer of two texts that are far too long`() throws {
        let tokenizer = try TinyTokenizer().tokenizer()
        let long = String(repeating: "a ", count: 20_000)
        let longer = String(repeating: "b ", count: 20_001)
        #expect(tokenizer.encode(long, pair: longer, maximumLength: 8).ids == [2, 20, 20, 3, 21, 21, 21, 3])
        #expect(tokenizer.encode(longer, pair: long, maximumLength: 8).ids == [2, 21, 21, 21, 3, 20, 20, 3])
    }
}
