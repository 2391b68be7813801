import Foundation
import Glibc
import Testing
import Tokenization

@Suite struct `Reading a tokenizer.json` {
    private func fault(_ change: (inout TinyTokenizer) -> Void) -> String? {
        do {
            _ = try TinyTokenizer.with(change)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `accepts what it understands`() {
        #expect(fault { _ in } == nil)
        #expect(fault { $0.decoder = "null" } == nil)
        #expect(fault { $0.model.replace(#""type": "WordPiece", "#, with: "") } == nil)
    }

    /// A change of the text, and what the error must name.
    @Test(arguments: [
        (#""version": "1.0""#, #""version": "2.0""#, "'version': '2.0'"),
        (#""version": "1.0", "#, "", "'version' is missing"),
        (#""padding": null"#, #""padding": null, "extra": 1"#, "unknown field 'extra'"),
        (#""padding": null"#, #""padding": null, "version": "1.0""#, "'version' is there twice"),
        (#"{"type": "BertNormalizer""#, #"{"type": "NFKC""#, "'normalizer': 'type': 'NFKC'"),
        (#"{"type": "BertNormalizer", "#, "{", "'normalizer': 'type'"),
        (#""clean_text": true, "#, "", "'normalizer': 'clean_text' is missing"),
        (#""clean_text": true"#, #""clean_text": 1"#, "'normalizer': 'clean_text'"),
        (#""strip_accents": null"#, #""strip_accents": "yes""#, "'strip_accents'"),
        (#""lowercase": true"#, #""lowercase": true, "form": "NFC""#, "'normalizer': unknown field 'form'"),
        ("BertPreTokenizer", "Whitespace", "'pre_tokenizer': 'type': 'Whitespace'"),
        (#"{"type": "BertPreTokenizer"}"#, "null", "'pre_tokenizer': expected an object, not null"),
        (
            #"{"type": "BertPreTokenizer"}"#, #"{"type": "BertPreTokenizer", "x": 0}"#,
            "'pre_tokenizer': unknown field 'x'"
        ),
        (#""type": "WordPiece", "unk"#, #""type": "BPE", "unk"#, "'model': 'type': 'BPE'"),
        (#""unk_token": "[UNK]", "#, "", "'model': 'unk_token' is missing"),
        (#""unk_token": "[UNK]""#, #""unk_token": "[unk]""#, "'[unk]' is not in 'vocab'"),
        (###""continuing_subword_prefix": "##", "###, "", "'continuing_subword_prefix' is missing"),
        (#""max_input_chars_per_word": 8"#, #""max_input_chars_per_word": -8"#, "'max_input_chars_per_word'"),
        (#""max_input_chars_per_word": 8"#, #""max_input_chars_per_word": 8, "dropout": 0.1"#, "'dropout'"),
        (#""hello": 5"#, #""hello": 5.0"#, "'hello'"),
        (#""hello": 5"#, #""hello": -1"#, "'hello'"),
        (#""hello": 5"#, #""hello": 2147483647"#, "'hello'"),
        (#""hello": 5"#, #""hello": 99999999999999999999"#, "'hello'"),
        (#""hello": 5"#, #""hello": 6"#, "'hello' and 'world' have the same id 6"),
        (#""hello": 5"#, #""hello": 5, "hello": 50"#, "'hello' is there twice"),
        (#""hello": 5"#, #""hello": 5, "": 50"#, "the token with id 50 is empty"),
        (#""vocab": {"#, #""vocab": [], "x": {"#, "'model': 'vocab'"),
        (#"{"type": "WordPiece", "prefix""#, #"{"type": "ByteLevel", "prefix""#, "'decoder': 'type': 'ByteLevel'"),
        (#""cleanup": true"#, #""cleanup": true, "more": 1"#, "'decoder': unknown field 'more'"),
        ("TemplateProcessing", "RobertaProcessing", "'post_processor': 'type': 'RobertaProcessing'"),
        (#""ids": [2]"#, #""ids": [5]"#, "'[CLS]' has the id 2 in the vocabulary, not 5"),
        (#""ids": [2]"#, #""ids": [2, 2]"#, "special_tokens.[CLS]': 'tokens'"),
        (#""tokens": ["[CLS]"]"#, #""tokens": ["[BOS]"]"#, "no token '[BOS]'"),
        (#""[CLS]": {"id": "[CLS]""#, #""[CLS]": {"id": "[BOS]""#, "special_tokens.[CLS]': 'id'"),
        (#""single": [{"SpecialToken": {"id": "[CLS]""#, #""single": [{"SpecialToken": {"id": "[BOS]""#, "'[BOS]'"),
        (#""single": [{"SpecialToken""#, #""single": [{"Token""#, "'Token' is not understood"),
        (#""single": [{"#, #""single": ["$A", {"#, "'post_processor.single'"),
        (#"{"Sequence": {"id": "B", "type_id": 1}}"#, #"{"Sequence": {"id": "C", "type_id": 1}}"#, "'C'"),
        (#"{"Sequence": {"id": "B""#, #"{"Sequence": {"id": "A""#, "'pair' must have the sequences A and B"),
        (#""single": [{"#, #""single": [{"Sequence": {"id": "B", "type_id": 1}}, {"#, "'single' must have"),
        (#"{"Sequence": {"id": "B", "type_id": 1}}"#, #"{"Sequence": {"id": "B", "type_id": -1}}"#, "'type_id'"),
        (#"{"Sequence": {"id": "B", "type_id": 1}}"#, #"{"Sequence": {"id": "B", "type_id": 1, "x": 0}}"#, "'x'"),
        (#"{"id": 4, "content": "[MASK]""#, #"{"id": 9, "content": "[MASK]""#, "'[MASK]' has the id 9, but it is 4"),
        (#"{"id": 4, "content": "[MASK]""#, #"{"id": 9, "content": "[X]""#, "'[X]' has the id 9, but it is 27"),
        (#"{"id": 4, "content": "[MASK]""#, #"{"id": 3, "content": "[SEP]""#, "'[SEP]' is there twice"),
        (#"{"id": 4, "content": "[MASK]""#, #"{"id": 4, "content": """#, "added_tokens[4]': 'content'"),
        (#"{"id": 4, "content": "[MASK]""#, #"{"id": 4, "role": 1, "content": "[MASK]""#, "unknown field 'role'"),
        (
            #"{"id": 4, "content": "[MASK]", "special": false, "#, #"{"id": 4, "content": "[MASK]", "#,
            "'special' is missing"
        ),
        (#"{"version""#, #"[{"version""#, "not JSON"),
        (#"{"version""#, "\u{feff}{\"version\"", "not JSON"),
        (#""version": "1.0""#, #""version": "1.0\ud800""#, "surrogate"),
        (#""version": "1.0""#, #""version": "1.0\x""#, "escape"),
        (#""version": "1.0","#, #""version": "1.0",,"#, "not JSON"),
        (#""max_length": 3"#, #""max_length": 3, "direction": "Left""#, "'Left' is not supported"),
        (#""max_length": 3"#, #""max_length": 03"#, "not JSON"),
        (#""max_length": 3"#, #""max_length": 1e999"#, "1e999"),
    ])
    func `names what it cannot use`(old: String, new: String, culprit: String) throws {
        let json = TinyTokenizer().json
        let range = try #require(json.range(of: old))
        let changed = json.replacingCharacters(in: range, with: new)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: Data(changed.utf8), path: "tiny.json") }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("tiny.json: "))
        #expect(description.contains(culprit), "\(description)")
    }

    @Test func `names an added token that normalizing leaves nothing of`() {
        let text = fault { $0.addedTokens.append(TinyTokenizer.added(#"\u0301"#, 27, ["normalized"])) }
        #expect(text?.contains("nothing is left of '\u{301}'") == true)
    }

    @Test func `names two added tokens that normalizing makes the same`() {
        let text = fault { tiny in
            tiny.addedTokens.append(TinyTokenizer.added("QQ", 27, ["normalized"]))
            tiny.addedTokens.append(TinyTokenizer.added("Qq", 28, ["normalized", "special"]))
        }
        #expect(text?.contains("'QQ' and 'Qq' are the same") == true)
    }

    @Test func `counts on with the ids of added tokens from the number of tokens`() {
        func added(_ second: Int) -> String? {
            fault { tiny in
                tiny.vocabulary[4].id = 500
                tiny.addedTokens[4] = TinyTokenizer.added("[MASK]", 500)
                tiny.addedTokens.append(TinyTokenizer.added("[X]", 27))
                tiny.addedTokens.append(TinyTokenizer.added("[Y]", second))
            }
        }
        #expect(added(28) == nil)
        #expect(added(501)?.contains("'[Y]' has the id 501, but it is 28") == true)
    }

    @Test func `refuses an added token's id that another token has`() {
        let text = fault { tiny in
            tiny.vocabulary[5].id = 27
            tiny.addedTokens.append(TinyTokenizer.added("[X]", 27))
        }
        #expect(text?.contains("'[X]' has the id 27 of 'hello'") == true)
    }

    @Test func `refuses what is cut off, nested without end or not UTF-8`() {
        let json = Data(TinyTokenizer().json.utf8)
        for length in stride(from: 0, to: json.count - 1, by: 7) {
            #expect(throws: TokenizerError.self) { try Tokenizer(json: json.prefix(length), path: "cut") }
        }
        let deep = Data(repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(throws: TokenizerError.self) { try Tokenizer(json: deep, path: "deep") }
        #expect(throws: TokenizerError.self) { try Tokenizer(json: json + [0xff], path: "bytes") }
        #expect(throws: TokenizerError.self) { try Tokenizer(json: json + json, path: "twice") }
    }

    @Test func `understands escapes in tokens`() throws {
        let json = TinyTokenizer().json.replacing(#""hello""#, with: #""\u0068\u00E9\ud83d\ude00\"\\\/\n""#)
        let tokenizer = try Tokenizer(json: Data(json.utf8), path: "tiny.json")
        #expect(tokenizer.token(for: 5) == "hé\u{1f600}\"\\/\n")
    }

    @Test func `names the file that is missing`() {
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: "/nonexistent") }
        #expect(error?.path == "/nonexistent/tokenizer.json")
    }

    @Test(.timeLimit(.minutes(15)), arguments: ["tokenizer.json", "sentence_bert_config.json"])
    func `refuses a pipe in place of a file`(name: String) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(mkfifo("\(directory.path)/\(name)", 0o600) == 0)
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer.maximumLength(directory: directory.path)
            _ = try Tokenizer(directory: directory.path)
        }
        #expect(error?.description == "\(directory.path)/\(name): not a regular file")
    }
}

@Suite struct `The maximum length of a model directory` {
    private func length(_ json: String?, tokenizer: String? = nil) throws -> Int? {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in [("sentence_bert_config.json", json), ("tokenizer_config.json", tokenizer)] {
            if let text { try Data(text.utf8).write(to: directory.appending(path: name)) }
        }
        return try Tokenizer.maximumLength(directory: directory.path)
    }

    @Test func `is that of sentence-transformers, if there is one`() throws {
        #expect(try length(#"{"max_seq_length": 256, "do_lower_case": false}"#) == 256)
        #expect(try length(#"{"max_seq_length": null}"#) == nil)
        #expect(try length("{}") == nil)
        #expect(try length(nil) == nil)
    }

    @Test func `is the tokenizer's where sentence-transformers sets none`() throws {
        #expect(try length(nil, tokenizer: #"{"model_max_length": 128}"#) == 128)
        #expect(try length(#"{"max_seq_length": null}"#, tokenizer: #"{"model_max_length": 128}"#) == 128)
        #expect(try length(#"{"max_seq_length": 256}"#, tokenizer: #"{"model_max_length": 128}"#) == 256)
        // What Hugging Face writes for no limit.
        #expect(try length(nil, tokenizer: #"{"model_max_length": 1000000000000000019884624838656}"#) == nil)
        #expect(try length(nil, tokenizer: "{}") == nil)
        let error = #expect(throws: TokenizerError.self) {
            try length(nil, tokenizer: #"{"model_max_length": "128"}"#)
        }
        #expect(error?.description.contains("model_max_length") == true)
        // To cut at the beginning is something else, whoever says how long a text may be.
        let left = #expect(throws: TokenizerError.self) {
            try length(#"{"max_seq_length": 256}"#, tokenizer: #"{"truncation_side": "left"}"#)
        }
        #expect(left?.description.contains("truncation_side") == true)
        #expect(try length(#"{"max_seq_length": 256}"#, tokenizer: #"{"truncation_side": "right"}"#) == 256)
    }

    @Test(arguments: [
        (#"{"max_seq_length": 0}"#, "max_seq_length"),
        (#"{"max_seq_length": -1}"#, "max_seq_length"),
        (#"{"max_seq_length": "256"}"#, "max_seq_length"),
        (#"{"max_seq_length": 1e30}"#, "max_seq_length"),
        (#"{"max_seq_length": 256, "do_lower_case": true}"#, "do_lower_case"),
        (#"[]"#, "expected an object"),
        (#"{"max"#, "not JSON"),
    ])
    func `is an error that names what is wrong`(json: String, culprit: String) throws {
        let error = #expect(throws: TokenizerError.self) { try length(json) }
        #expect(error?.description.contains(culprit) == true)
    }
}
