import Foundation
import Tensors

/// How the hidden states of a sequence become one vector of features.
package enum Pooling: Sendable, Equatable {
    case mean
    case cls
    case max
    /// tanh(dense · first token), with weights of the checkpoint: what a BERT classifier was trained on.
    case pooler
}

/// Pooling and normalisation as a model directory describes them.
package struct PoolingPlan: Sendable, Equatable {
    package var pooling: Pooling
    /// Whether the features are divided by their Euclidean length.
    package var normalizes: Bool

    package init(pooling: Pooling, normalizes: Bool) {
        self.pooling = pooling
        self.normalizes = normalizes
    }

    /// Reads modules.json and the pooling module's config.json.
    ///
    /// A directory without modules.json gets what sentence-transformers gives it: the mean, as it is.
    /// - Throws: `ModelError` naming a module, a mode or a prompt that is not supported.
    package init(directory: String) throws(ModelError) {
        self.init(pooling: .mean, normalizes: false)
        let path = "\(directory)/modules.json"
        guard FileManager.default.fileExists(atPath: path) else { return }
        try Self.checkPrompt(directory: directory)
        guard let modules = try ModelFile.read(path) as? [[String: Any]] else {
            throw ModelError(.malformed, "\(path): expected an array of modules")
        }
        for module in modules {
            guard let type = module["type"] as? String, let folder = module["path"] as? String else {
                throw ModelError(.malformed, "\(path): every module needs a 'type' and a 'path'")
            }
            switch type.split(separator: ".").last {
            case "Transformer" where folder.isEmpty: continue
            case "Pooling": pooling = try Self.mode(folder: folder, directory: directory)
            case "Normalize": normalizes = true
            default: throw ModelError(.unsupported, "\(path): module '\(type)' in '\(folder)' is not supported")
            }
        }
    }

    private static func mode(folder: String, directory: String) throws(ModelError) -> Pooling {
        // By bytes: a slash with a combining character behind it is a slash to the file system, too.
        let parts = folder.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !folder.utf8.contains(0), folder.utf8.first != UInt8(ascii: "/"),
            !parts.contains(where: { $0.elementsEqual("..".utf8) })
        else {
            throw ModelError(.malformed, "\(directory)/modules.json: '\(folder)' leads out of the model directory")
        }
        guard let file = try ModelFile("\(folder)/config.json", in: directory) else {
            throw ModelError(.unreadable, "\(directory)/\(folder)/config.json is missing")
        }
        // Newer files name the mode, and older ones have a flag for each.
        let flag = "pooling_mode_"
        let flags = file.names.filter { $0.hasPrefix(flag) }
        let modes =
            file.isEmpty("pooling_mode")
            ? (flags.isEmpty ? ["mean"] : file.flags(startingWith: flag).map { String($0.dropFirst(flag.count)) })
            : file.text("pooling_mode").map { [$0] } ?? file.list("pooling_mode")
        guard modes.count == 1 else {
            throw ModelError(.unsupported, "\(file.path): expected exactly one pooling mode, found \(modes)")
        }
        switch modes[0] {
        case "mean", "mean_tokens": return .mean
        case "cls", "cls_token": return .cls
        case "max", "max_tokens": return .max
        case let other:
            throw file.fault(
                "pooling_mode", "'\(other)' is not supported; supported: mean, cls, max", code: .unsupported)
        }
    }

    /// Refuses a prompt that sentence-transformers would put before every text.
    private static func checkPrompt(directory: String) throws(ModelError) {
        guard let file = try ModelFile("config_sentence_transformers.json", in: directory),
            let name = file.text("default_prompt_name"), try file.strings("prompts")?[name] != ""
        else { return }
        throw file.fault("default_prompt_name", "a prompt before every text is not supported", code: .unsupported)
    }
}
