import Foundation
import Inference
import Safetensors
import Tensors
import Tokenization
import Transformer

/// A BERT of a few thousand weights, with a tokenizer of 30 words, that the tests make themselves.
struct TinyModel {
    var hiddenSize = 24
    var headCount = 3
    var layerCount = 2
    var intermediateSize = 40
    var vocabularySize = 50
    var positionCount = 40
    var typeCount = 2
    /// With a classifier the pooler makes the features; without one they are the mean of the last layer.
    var hasClassifier = true
    /// Another seed, other weights.
    var seed = 0

    /// A model that takes about a millisecond for a text of 30 tokens, so that what is queued stays so for a while.
    static let slow = TinyModel(hiddenSize: 96, headCount: 4, layerCount: 4, intermediateSize: 384)

    static let labels = ["low", "middle", "high"]
    static let words = "abcdefghijklmnopqrstuvwxyz".map(String.init)

    /// What a test needs of the model.
    struct Loaded: Sendable {
        let pipeline: TextPipeline
        let body: Body
        let head: ClassificationHead?

        var revision: ServingRevision { ServingRevision(number: 1, body: body, head: head) }
    }

    /// Writes a model directory, loads it as the daemon does, and removes it.
    func load(kernels: VectorKernels = .best, maximumTokens: Int = 512, tokens: Int = 30) throws -> Loaded {
        let folder = FileManager.default.temporaryDirectory.appending(path: "inference-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(configuration.utf8).write(to: folder.appending(path: "config.json"))
        try Data(Self.tokenizer(tokens: tokens).utf8).write(to: folder.appending(path: "tokenizer.json"))
        let tensors = shapes.map { name, shape in (name: name, shape: shape, values: values(name, shape)) }
        try SafetensorsWriter.serialize(tensors).write(to: folder.appending(path: "model.safetensors"))

        let directory = folder.path(percentEncoded: false)
        let model = try TextModel(directory: directory, kernels: kernels)
        let pipeline = try TextPipeline(
            tokenizer: Tokenizer(directory: directory), maximumTokens: maximumTokens, model: model.configuration)
        return Loaded(pipeline: pipeline, body: Body(encoder: model.encoder), head: model.head)
    }

    private var configuration: String {
        """
        {"model_type": "bert", "vocab_size": \(vocabularySize), "hidden_size": \(hiddenSize),
         "num_hidden_layers": \(layerCount), "num_attention_heads": \(headCount),
         "intermediate_size": \(intermediateSize), "max_position_embeddings": \(positionCount),
         "type_vocab_size": \(typeCount), "id2label": {"0": "low", "1": "middle", "2": "high"}}
        """
    }

    /// A tokenizer.json of four special tokens, the letters as words, and more words up to `tokens`.
    static func tokenizer(tokens: Int, processor: String? = nil) -> String {
        let all = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + words + (0..<max(0, tokens - 30)).map { "more\($0)" }
        let vocabulary = all.enumerated().map { #""\#($0.element)": \#($0.offset)"# }.joined(separator: ", ")
        let added = all.prefix(4).enumerated().map { index, name in
            #"{"id": \#(index), "content": "\#(name)", "special": true, "single_word": false, "lstrip": false, "#
                + #""rstrip": false, "normalized": false}"#
        }
        let usual = #"{"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}"#
        return ###"""
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [\###(added.joined(separator: ", "))],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                            "strip_accents": null, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": \###(processor ?? usual),
             "decoder": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                       "max_input_chars_per_word": 100, "vocab": {\###(vocabulary)}}}
            """###
    }

    private func values(_ name: String, _ shape: [Int]) -> [Float] {
        let start = name.utf8.reduce(seed) { ($0 * 31 + Int($1)) % 65521 }
        return (0..<shape.reduce(1, *)).map { index in
            let wave = sin(Double(start) * 0.37 + Double(index) * 1.7)
            return Float(name.hasSuffix("LayerNorm.weight") ? 1 + 0.1 * wave : 0.25 * wave)
        }
    }

    private var shapes: [String: [Int]] {
        let size = hiddenSize
        let prefix = hasClassifier ? "bert." : ""
        var shapes: [String: [Int]] = [
            "embeddings.word_embeddings.weight": [vocabularySize, size],
            "embeddings.position_embeddings.weight": [positionCount, size],
            "embeddings.token_type_embeddings.weight": [typeCount, size],
            "embeddings.LayerNorm.weight": [size], "embeddings.LayerNorm.bias": [size],
        ]
        for layer in 0..<layerCount {
            let block = "encoder.layer.\(layer)"
            for part in ["self.query", "self.key", "self.value", "output.dense"] {
                shapes["\(block).attention.\(part).weight"] = [size, size]
                shapes["\(block).attention.\(part).bias"] = [size]
            }
            shapes["\(block).intermediate.dense.weight"] = [intermediateSize, size]
            shapes["\(block).intermediate.dense.bias"] = [intermediateSize]
            shapes["\(block).output.dense.weight"] = [size, intermediateSize]
            shapes["\(block).output.dense.bias"] = [size]
            for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes["\(block).\(norm).weight"] = [size]
                shapes["\(block).\(norm).bias"] = [size]
            }
        }
        var all = Dictionary(uniqueKeysWithValues: shapes.map { ("\(prefix)\($0.key)", $0.value) })
        if hasClassifier {
            all["bert.pooler.dense.weight"] = [size, size]
            all["bert.pooler.dense.bias"] = [size]
            all["classifier.weight"] = [3, size]
            all["classifier.bias"] = [3]
        }
        return all
    }
}

extension TinyModel.Loaded {
    /// The features of a text computed by itself, without the engine: what every answer must be, to the bit.
    func alone(_ input: TextInput) -> [Float] {
        let encoding = pipeline.tokenizer.encode(
            input.text, pair: input.textPair, maximumLength: pipeline.maximumTokens)
        var batch = TokenBatch()
        batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs)
        return body.encoder.features(batch, workspace: body.encoder.makeWorkspace(tokens: encoding.ids.count))[0]
    }
}

/// The bits of floats: unlike `==` on the floats, this tells 0 from -0 and compares NaNs.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// Texts of 0 to `longest` words, every third one a pair.
func texts(_ count: Int, longest: Int = 30, seed: UInt64) -> [TextInput] {
    var random = SeededGenerator(seed)
    func text() -> String {
        (0..<Int.random(in: 0...longest, using: &random)).map { _ in TinyModel.words.randomElement(using: &random) ?? ""
        }
        .joined(separator: " ")
    }
    return (0..<count).map { TextInput(text(), pair: $0.isMultiple(of: 3) ? text() : nil) }
}
