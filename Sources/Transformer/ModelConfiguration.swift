import Glibc
package import Tensors

/// How token ids become positions' vectors, read from a model directory's config.json.
package struct ModelConfiguration: Sendable, Equatable {
    /// The name of the architecture, such as "BertModel".
    package var architecture: String
    package var vocabularySize: Int
    package var hiddenSize: Int
    package var layerCount: Int
    package var headCount: Int
    package var intermediateSize: Int
    package var positionCount: Int
    package var typeCount: Int
    package var activation: Activation
    package var normEpsilon: Float
    /// The class names of a classification checkpoint, by index; nil where config.json names none.
    package var labels: [String]?
    /// What a classification checkpoint was trained for, such as "single_label_classification"; nil where it does not say.
    package var problemType: String?

    /// Weights of the blocks' linear layers: what a batch reads, and what each token is multiplied by.
    package var linearWeightCount: Int { layerCount * hiddenSize * (4 * hiddenSize + 2 * intermediateSize) }

    /// Sizes of one block of this model.
    package var block: BlockShape {
        BlockShape(
            hiddenSize: hiddenSize, headCount: headCount, intermediateSize: intermediateSize, activation: activation,
            normEpsilon: normEpsilon)
    }

    /// Reads config.json of `directory`.
    ///
    /// - Throws: `ModelError` naming the field that is missing, wrong or not supported.
    package init(directory: String) throws(ModelError) {
        guard let file = try ModelFile("config.json", in: directory) else {
            let what = unsafe access(directory, F_OK) == 0 ? "no config.json" : "there is no such directory"
            throw ModelError(.unreadable, "\(directory): \(what); expected a Hugging Face model directory")
        }
        let type = try file.string("model_type", otherwise: "")
        guard type == "bert" else {
            throw file.fault("model_type", "'\(type)' is not supported; supported: bert", code: .unsupported)
        }
        let positions = try file.string("position_embedding_type", otherwise: "absolute")
        guard positions == "absolute" else {
            throw file.fault("position_embedding_type", "'\(positions)' is not supported", code: .unsupported)
        }
        for flag in ["is_decoder", "add_cross_attention"] where file.flag(flag) {
            throw file.fault(flag, "not supported for bert", code: .unsupported)
        }
        architecture = file.list("architectures").first ?? "BertModel"
        vocabularySize = try file.size("vocab_size", most: 1 << 24)
        hiddenSize = try file.size("hidden_size", most: 1 << 14)
        layerCount = try file.size("num_hidden_layers", most: 256)
        headCount = try file.size("num_attention_heads", most: 256)
        intermediateSize = try file.size("intermediate_size", most: 1 << 16)
        positionCount = try file.size("max_position_embeddings", most: 1 << 16)
        typeCount = try file.size("type_vocab_size", most: 1 << 10)
        guard hiddenSize.isMultiple(of: headCount) else {
            throw file.fault("hidden_size", "\(hiddenSize) is not a multiple of num_attention_heads (\(headCount))")
        }
        let epsilon = try file.number("layer_norm_eps", otherwise: 1e-12)
        guard epsilon >= 0, epsilon < 1 else { throw file.fault("layer_norm_eps", "expected a small positive number") }
        normEpsilon = Float(epsilon)
        let name = try file.string("hidden_act", otherwise: "gelu")
        switch name {
        case "gelu", "gelu_python": activation = .gelu
        case "gelu_new", "gelu_pytorch_tanh": activation = .geluTanh
        case "relu": activation = .relu
        default:
            throw file.fault(
                "hidden_act", "'\(name)' is not supported; supported: gelu, gelu_new, gelu_pytorch_tanh, relu",
                code: .unsupported)
        }
        labels = try Self.labels(in: file)
        let problem = try file.string("problem_type", otherwise: "")
        problemType = problem.isEmpty ? nil : problem
    }

    /// The values of id2label, in the order of its ids, which must be 0, 1, 2, ….
    private static func labels(in file: ModelFile) throws(ModelError) -> [String]? {
        guard let names = try file.strings("id2label") else { return nil }
        var ordered: [String] = []
        for index in 0..<names.count {
            guard let name = names[String(index)] else {
                throw file.fault("id2label", "expected the ids 0 to \(names.count - 1); \(index) is missing")
            }
            ordered.append(name)
        }
        guard Set(ordered).count == ordered.count else { throw file.fault("id2label", "two ids have the same label") }
        return ordered
    }
}
