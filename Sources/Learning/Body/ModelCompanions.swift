import Foundation
import Transformer

/// The small files of a model directory that tools need beside its weights.
enum ModelCompanions {
    /// What is taken along where it is there; the tokenizer's older forms and sentence-transformers' settings included.
    private static let names = [
        "added_tokens.json", "config.json", "config_sentence_transformers.json", "modules.json",
        "sentence_bert_config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
    ]

    /// The files of the model directory at `directory`, to lie beside weights in F32; sorted by name.
    ///
    /// - Throws: an error that names the file that cannot be read.
    static func read(_ directory: String) throws -> [(name: String, data: Data)] {
        let modules = try moduleFolders(directory).map { "\($0)/config.json" }
        var files: [(name: String, data: Data)] = []
        for name in (names + modules).sorted() {
            let path = "\(directory)/\(name)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let data = try ModelFile.contents(path, limit: 64 << 20)
            files.append((name, name == "config.json" ? try inFullPrecision(data, path: path) : data))
        }
        return files
    }

    /// The folders that modules.json names.
    private static func moduleFolders(_ directory: String) throws -> Set<String> {
        struct Module: Decodable {
            let path: String
        }
        let path = "\(directory)/modules.json"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let modules = try JSONDecoder().decode([Module].self, from: ModelFile.contents(path, limit: 16 << 20))
        // Deeper ones are no sentence-transformers' way, and could lead out of the directory.
        return Set(
            modules.map(\.path).filter { path in
                // By bytes: a slash with a combining character behind it is a slash to the file system, too.
                !path.isEmpty && !path.utf8.contains { [0, UInt8(ascii: "/")].contains($0) }
                    && path.utf8.first != UInt8(ascii: ".")
            })
    }

    /// A config.json that does not ask for the weights to be rounded to a smaller type when they are loaded.
    private static func inFullPrecision(_ data: Data, path: String) throws -> Data {
        guard var fields = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ModelError(.malformed, "\(path): expected a JSON object")
        }
        var isChanged = false
        for name in ["dtype", "torch_dtype"] {
            guard let type = fields[name] as? String, type != "float32" else { continue }
            fields[name] = "float32"
            isChanged = true
        }
        guard isChanged else { return data }
        return try JSONSerialization.data(
            withJSONObject: fields, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }
}
