package import Foundation
import Glibc

/// Turns texts into token ids as the tokenizer.json of a model of the BERT family says.
package struct Tokenizer: Sendable {
    let normalizer: TextNormalizer
    let wordPiece: WordPiece
    /// Added tokens that are looked for in the text as it is.
    let verbatimTokens: AddedTokenSearch
    /// Added tokens that are looked for in the normal form.
    let normalizedTokens: AddedTokenSearch
    let templates: Templates
    private let vocabulary: Vocabulary
    private let addedTokens: [AddedToken]

    /// Reads the tokenizer.json in a model directory.
    ///
    /// - Throws: `TokenizerError` that names what in the file is missing, malformed or not understood.
    package init(directory: String) throws(TokenizerError) {
        let path = "\(directory)/tokenizer.json"
        try self.init(json: ModelText.read(path), path: path)
    }

    /// Reads the text of a tokenizer.json; `path` is what errors call it.
    ///
    /// - Throws: `TokenizerError` that names what in the file is missing, malformed or not understood.
    package init(json: Data, path: String) throws(TokenizerError) {
        do throws(TokenizerFault) {
            try self.init(TokenizerFile(json))
        } catch {
            throw TokenizerError(path, error.reason)
        }
    }

    private init(_ file: TokenizerFile) throws(TokenizerFault) {
        let normalizer = TextNormalizer(file.normalizer)
        vocabulary = file.vocabulary
        wordPiece = try WordPiece(file.vocabulary, file.model)
        addedTokens = file.addedTokens
        verbatimTokens = AddedTokenSearch(
            addedTokens.filter { !$0.isNormalized }.map { (bytes: Array($0.content.utf8), token: $0) }
        )
        let forms = addedTokens.filter(\.isNormalized).map {
            (bytes: normalizer.normalized($0.content), token: $0)
        }
        try Self.check(forms)
        normalizedTokens = AddedTokenSearch(forms)
        self.normalizer = normalizer
        templates = file.templates
    }

    /// Refuses normal forms that are empty, or that two tokens have, of which Hugging Face takes either by chance.
    private static func check(_ forms: [(bytes: [UInt8], token: AddedToken)]) throws(TokenizerFault) {
        var seen: [[UInt8]: String] = [:]
        for (bytes, token) in forms {
            guard !bytes.isEmpty else {
                throw TokenizerFault("'added_tokens': nothing is left of '\(token.content)' when it is normalized")
            }
            if let other = seen.updateValue(token.content, forKey: bytes) {
                throw TokenizerFault(
                    "'added_tokens': '\(other)' and '\(token.content)' are the same when they are normalized"
                )
            }
        }
    }

    /// One more than the highest id.
    package var vocabularySize: Int {
        max(vocabulary.size, addedTokens.reduce(0) { max($0, Int($1.id) + 1) })
    }

    /// The token that has `id`, or nil.
    package func token(for id: Int32) -> String? {
        vocabulary.name(of: id) ?? addedTokens.first { $0.id == id }?.content
    }

    /// The id of `token`, or nil.
    package func id(for token: String) -> Int32? {
        vocabulary.id(of: token) ?? addedTokens.first { $0.content.isSame(as: token) }?.id
    }

    /// The limit that a model directory sets: in its sentence_bert_config.json, or where that sets none, in its
    /// tokenizer_config.json; nil where neither does.
    ///
    /// - Throws: `TokenizerError` if a file is malformed, or asks for what only sentence-transformers does.
    package static func maximumLength(directory: String) throws(TokenizerError) -> Int? {
        let own = try limit(in: "sentence_bert_config.json", "max_seq_length", directory) {
            fields throws(TokenizerFault) in
            if case .flag(true) = try fields.valueUnlessNull("do_lower_case") {
                throw fields.fault("do_lower_case", "true is not supported; the tokenizer.json says what is lowercased")
            }
        }
        let field = own == nil ? "model_max_length" : nil
        let general = try limit(in: "tokenizer_config.json", field, directory, isHugeNone: true) {
            fields throws(TokenizerFault) in
            if case .string("left") = try fields.valueUnlessNull("truncation_side") {
                throw fields.fault("truncation_side", "'left' is not supported: texts are cut at their end")
            }
        }
        return own ?? general
    }

    /// The positive number of tokens that `field` of a file says, if the file is there and a field is asked for.
    ///
    /// - Parameter isHugeNone: whether a number beyond any `Int` says that there is no limit: Hugging Face writes 10³⁰.
    private static func limit(
        in name: String, _ field: String?, _ directory: String, isHugeNone: Bool = false,
        check: (inout JSONFields) throws(TokenizerFault) -> Void = { _ in }
    ) throws(TokenizerError) -> Int? {
        let path = "\(directory)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data = try ModelText.read(path)
        do throws(TokenizerFault) {
            var fields = try JSONFields(JSONReader.value(of: data), at: name)
            try check(&fields)
            guard let field else { return nil }
            switch try fields.valueUnlessNull(field) {
            case nil: return nil
            case .integer(let length) where length > 0: return length
            case .number(let length) where isHugeNone && length > Double(Int.max): return nil
            default: throw fields.fault(field, "expected a positive integer or null")
            }
        } catch {
            throw TokenizerError(path, error.reason)
        }
    }
}

/// The JSON files of a model directory that this module reads.
private enum ModelText {
    /// Far beyond any vocabulary, and small enough to be held in memory.
    static let limit = 64 << 20

    static func read(_ path: String) throws(TokenizerError) -> Data {
        // To open a pipe could take for ever.
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw TokenizerError(path, "not a regular file")
        }
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: limit) ?? Data()
            guard data.count < limit else { throw TokenizerError(path, "larger than \(limit >> 20) MiB") }
            return data
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw TokenizerError(path, "not readable: \(error.localizedDescription)")
        }
    }
}
