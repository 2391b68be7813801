import Testing
import Tokenization

@Suite struct `An added token` {
    /// The tokens of a text, each with the part of the text it stands for.
    private func tokens(
        _ text: String,
        with contents: [(content: String, flags: Set<String>)]
    ) throws -> [String] {
        let tokenizer = try TinyTokenizer.with { tiny in
            var next = tiny.vocabulary.count
            for (content, flags) in contents {
                let known = tiny.vocabulary.first { $0.name == content }?.id
                tiny.addedTokens.append(TinyTokenizer.added(content, known ?? next, flags))
                if known == nil { next += 1 }
            }
        }
        let encoding = tokenizer.encode(text, maximumLength: .max, spans: true)
        let scalars = Array(text.unicodeScalars)
        return zip(encoding.ids, encoding.spans).compactMap { id, span in
            guard span.text != nil else { return nil }
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars[span.scalars])
            return "\(tokenizer.token(for: id) ?? "?")<\(String(part))"
        }
    }

    @Test func `is found inside a word`() throws {
        #expect(try tokens("aQb", with: [("Q", [])]) == ["a<a", "Q<Q", "b<b"])
    }

    @Test func `is found as a single word only where no word touches it`() throws {
        let found = try tokens("a Q,Q_ éQ Q", with: [("Q", ["single_word"])])
        #expect(found == ["a<a", "Q<Q", ",<,", "[UNK]<Q", "[UNK]<_", "[UNK]<éQ", "Q<Q"])
    }

    @Test func `takes in spaces on its left`() throws {
        #expect(try tokens("a \u{3000}Q b", with: [("Q", ["lstrip"])]) == ["a<a", "Q< \u{3000}Q", "b<b"])
    }

    @Test func `takes in spaces on its right`() throws {
        #expect(try tokens("a Q\t b", with: [("Q", ["rstrip"])]) == ["a<a", "Q<Q\t ", "b<b"])
    }

    @Test func `leaves the spaces that another one has taken`() throws {
        #expect(try tokens("Q  Q", with: [("Q", ["lstrip", "rstrip"])]) == ["Q<Q  ", "Q<Q"])
    }

    @Test(arguments: ["Q \t", "Q \t "])
    func `of spaces is lost in another that takes them in`(text: String) throws {
        #expect(try tokens(text, with: [("Q", ["rstrip"]), (#"\t"#, ["lstrip"])]) == ["Q<\(text)"])
    }

    @Test func `is found in its normal form, if it says so`() throws {
        let tokens = try tokens("new york NÉW YORK New  York", with: [("New York", ["normalized"])])
        #expect(tokens == ["New York<new york", "New York<NÉW YORK", "new<New", "york<York"])
    }

    @Test func `is found only as it is, if it does not`() throws {
        let tokens = try tokens("new york New York", with: [("New York", [])])
        #expect(tokens == ["new<new", "york<york", "New York<New York"])
    }

    @Test func `gives way to a longer one, and to an earlier one in the text`() throws {
        let contents: [(String, Set<String>)] = [("QR", []), ("QRS", []), ("SQ", [])]
        #expect(try tokens("QRSQ", with: contents) == ["QRS<QRS", "[UNK]<Q"])
    }

    @Test func `counts for the vocabulary's size`() throws {
        let tokenizer = try TinyTokenizer.with { $0.addedTokens.append(TinyTokenizer.added("Q", 27)) }
        #expect(tokenizer.vocabularySize == 28)
        #expect(tokenizer.token(for: 27) == "Q")
        #expect(tokenizer.id(for: "Q") == 27)
    }
}
