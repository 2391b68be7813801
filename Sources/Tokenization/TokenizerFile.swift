import Foundation

/// The components of a tokenizer.json, understood to the last field.
struct TokenizerFile {
    let normalizer: TextNormalizer.Options
    let vocabulary: Vocabulary
    let model: WordPiece.Options
    let addedTokens: [AddedToken]
    let templates: Templates

    init(_ data: Data) throws(TokenizerFault) {
        var fields = try JSONFields(JSONReader.value(of: data), at: "tokenizer.json")
        let version = try fields.string("version")
        guard version == "1.0" else { throw fields.fault("version", "'\(version)' is not understood; expected 1.0") }
        // The caller says after how many tokens to cut, and nothing is padded.
        if let truncation = try fields.valueUnlessNull("truncation") {
            var fields = try JSONFields(truncation, at: "truncation")
            if case .string("Left") = try fields.valueUnlessNull("direction") {
                throw fields.fault("direction", "'Left' is not supported: texts are cut at their end")
            }
        }
        _ = try fields.valueUnlessNull("padding")
        normalizer = try Self.normalizer(fields.valueUnlessNull("normalizer"))
        try Self.checkPreTokenizer(fields.value("pre_tokenizer"))
        (vocabulary, model) = try Self.model(fields.value("model"))
        addedTokens = try Self.addedTokens(fields.array("added_tokens"), vocabulary)
        templates = try Templates(fields.valueUnlessNull("post_processor")) { [vocabulary, addedTokens] name in
            vocabulary.id(of: name) ?? addedTokens.first { $0.content.isSame(as: name) }?.id
        }
        if let decoder = try fields.valueUnlessNull("decoder") { try Self.checkDecoder(decoder) }
        try fields.finish()
    }

    private static func normalizer(_ value: JSONValue?) throws(TokenizerFault) -> TextNormalizer.Options {
        var options = TextNormalizer.Options()
        guard let value else { return options }
        var fields = try JSONFields(value, at: "normalizer")
        try expect("BertNormalizer", &fields)
        options.cleans = try fields.flag("clean_text")
        options.separatesIdeographs = try fields.flag("handle_chinese_chars")
        options.lowercases = try fields.flag("lowercase")
        switch try fields.valueUnlessNull("strip_accents") {
        case nil: options.stripsAccents = options.lowercases
        case .flag(let flag): options.stripsAccents = flag
        default: throw fields.fault("strip_accents", "expected true, false or null")
        }
        try fields.finish()
        return options
    }

    private static func checkPreTokenizer(_ value: JSONValue) throws(TokenizerFault) {
        var fields = try JSONFields(value, at: "pre_tokenizer")
        try expect("BertPreTokenizer", &fields)
        try fields.finish()
    }

    /// A decoder has no part in encoding, but one that goes with another model is a sign of one.
    private static func checkDecoder(_ value: JSONValue) throws(TokenizerFault) {
        var fields = try JSONFields(value, at: "decoder")
        try expect("WordPiece", &fields)
        _ = try fields.string("prefix")
        _ = try fields.flag("cleanup")
        try fields.finish()
    }

    private static func model(_ value: JSONValue) throws(TokenizerFault) -> (Vocabulary, WordPiece.Options) {
        var fields = try JSONFields(value, at: "model")
        // Older files do not name the type; the fields below are those of no other.
        if let type = try fields.type(), type != "WordPiece" {
            throw fields.fault("type", "'\(type)' is not understood; expected WordPiece")
        }
        let unknown = try fields.string("unk_token")
        let prefix = try fields.string("continuing_subword_prefix")
        guard case .integer(let longest) = try fields.value("max_input_chars_per_word"), longest >= 0 else {
            throw fields.fault("max_input_chars_per_word", "expected a number that is not negative")
        }
        var entries: [(name: String, id: Int32)] = []
        for (name, value) in try fields.object("vocab") {
            guard let id = value.id else {
                throw TokenizerFault("'model.vocab': '\(name)': expected an id from 0 to \(JSONValue.highestID)")
            }
            entries.append((name, id))
        }
        try fields.finish()
        let options = WordPiece.Options(unknownToken: unknown, continuingPrefix: prefix, longestWord: longest)
        return (try Vocabulary(entries), options)
    }

    /// The added tokens, whose ids must be those that Hugging Face gives them.
    ///
    /// These are the vocabulary's, or else the next from the number of its tokens on.
    private static func addedTokens(
        _ elements: [JSONValue],
        _ vocabulary: Vocabulary
    ) throws(TokenizerFault) -> [AddedToken] {
        var tokens: [AddedToken] = []
        var contents: Set<[UInt8]> = []
        var next = vocabulary.count
        for (index, element) in elements.enumerated() {
            let token = try AddedToken(element, at: "added_tokens[\(index)]")
            guard contents.insert(Array(token.content.utf8)).inserted else {
                throw TokenizerFault("'added_tokens': '\(token.content)' is there twice")
            }
            let known = vocabulary.id(of: token.content)
            let expected = known.map(Int.init) ?? next
            guard token.id == expected else {
                throw TokenizerFault(
                    "'added_tokens': '\(token.content)' has the id \(token.id), but it is \(expected) by the vocabulary"
                )
            }
            let other = vocabulary.name(of: token.id)
            guard other?.isSame(as: token.content) ?? true else {
                throw TokenizerFault("'added_tokens': '\(token.content)' has the id \(token.id) of '\(other ?? "")'")
            }
            if known == nil { next += 1 }
            tokens.append(token)
        }
        return tokens
    }

    private static func expect(_ expected: String, _ fields: inout JSONFields) throws(TokenizerFault) {
        guard let type = try fields.type() else { throw fields.fault("type", "is missing; expected \(expected)") }
        guard type == expected else {
            throw fields.fault("type", "'\(type)' is not understood; expected \(expected)")
        }
    }
}
