import Foundation
import Tokenization

/// A tokenizer.json of a few tokens, with what a test changes in it.
struct TinyTokenizer {
    var vocabulary = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s", "un", "##able", "##a", ",", "中", "e",
        "é", "ing", "new", "york", "##ly", "Hello", "a", "b", "c", "d", "f", "g", "h",
    ].enumerated().map { (name: $0.element, id: $0.offset) }
    var normalizer =
        #"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "#
        + #""strip_accents": null, "lowercase": true}"#
    var preTokenizer = #"{"type": "BertPreTokenizer"}"#
    var model =
        ###""type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "###
        + #""max_input_chars_per_word": 8"#
    var postProcessor = """
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
         "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                  {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                  {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
         "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                            "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}
        """
    var decoder = ###"{"type": "WordPiece", "prefix": "##", "cleanup": true}"###
    var addedTokens = [
        Self.added("[PAD]", 0), Self.added("[UNK]", 1), Self.added("[CLS]", 2), Self.added("[SEP]", 3),
        Self.added("[MASK]", 4),
    ]
    /// More fields of the whole.
    var more = #""truncation": {"max_length": 3}, "padding": null"#

    /// An entry of `added_tokens` with these flags set.
    static func added(_ content: String, _ id: Int, _ flags: Set<String> = []) -> String {
        let names = ["special", "single_word", "lstrip", "rstrip", "normalized"]
        let fields = names.map { #""\#($0)": \#(flags.contains($0))"# }
        return #"{"id": \#(id), "content": "\#(content)", \#(fields.joined(separator: ", "))}"#
    }

    /// The text of the file.
    var json: String {
        let tokens = vocabulary.map { #""\#($0.name)": \#($0.id)"# }.joined(separator: ", ")
        return """
            {"version": "1.0", \(more), "added_tokens": [\(addedTokens.joined(separator: ", "))],
             "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer), "post_processor": \(postProcessor),
             "decoder": \(decoder), "model": {\(model), "vocab": {\(tokens)}}}
            """
    }

    func tokenizer() throws(TokenizerError) -> Tokenizer { try Tokenizer(json: Data(json.utf8), path: "tiny.json") }

    /// A tiny tokenizer with a change.
    static func with(_ change: (inout TinyTokenizer) -> Void) throws(TokenizerError) -> Tokenizer {
        var tiny = TinyTokenizer()
        change(&tiny)
        return try tiny.tokenizer()
    }
}

extension Tokenizer {
    /// The tokens of a text, the template's left out.
    func tokens(_ text: String) -> [String] {
        let encoding = encode(text, maximumLength: .max, spans: true)
        return zip(encoding.ids, encoding.spans).compactMap { $1.text == nil ? nil : token(for: $0) }
    }
}
