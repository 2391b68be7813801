import Foundation
import Safetensors

/// A BERT classifier of a few thousand weights that the tests make themselves, the same as the PyTorch references.
enum TinyModel {
    static let hiddenSize = 24
    static let labelCount = 3

    /// Writes the model directory and returns its path; the caller removes it.
    static func write(activation: String = "gelu", changing change: (inout [String: [Int]]) -> Void = { _ in }) throws
        -> String
    {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tiny-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let configuration = """
            {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 50,
             "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40,
             "max_position_embeddings": 40, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
             "hidden_act": "\(activation)", "id2label": {"0": "low", "1": "middle", "2": "high"}}
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "config.json"))
        var shapes = shapes
        change(&shapes)
        let tensors = shapes.map { name, shape in (name: name, shape: shape, values: values(name, shape)) }
        try SafetensorsWriter.serialize(tensors, metadata: ["format": "pt"])
            .write(to: directory.appending(path: "model.safetensors"))
        return directory.path(percentEncoded: false)
    }

    /// The same formula as `tiny_value` in transformer_reference.py.
    static func values(_ name: String, _ shape: [Int]) -> [Float] {
        let seed = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 65521 }
        return (0..<shape.reduce(1, *)).map { index in
            let wave = sin(Double(seed) * 0.37 + Double(index) * 1.7)
            return Float(name.hasSuffix("LayerNorm.weight") ? 1 + 0.1 * wave : 0.25 * wave)
        }
    }

    static let shapes: [String: [Int]] = {
        var shapes: [String: [Int]] = [
            "bert.embeddings.word_embeddings.weight": [50, 24],
            "bert.embeddings.position_embeddings.weight": [40, 24],
            "bert.embeddings.token_type_embeddings.weight": [2, 24],
            "bert.embeddings.LayerNorm.weight": [24], "bert.embeddings.LayerNorm.bias": [24],
            "bert.pooler.dense.weight": [24, 24], "bert.pooler.dense.bias": [24],
            "classifier.weight": [3, 24], "classifier.bias": [3],
        ]
        for layer in 0..<2 {
            let prefix = "bert.encoder.layer.\(layer)"
            for part in ["self.query", "self.key", "self.value", "output.dense"] {
                shapes["\(prefix).attention.\(part).weight"] = [24, 24]
                shapes["\(prefix).attention.\(part).bias"] = [24]
            }
            shapes["\(prefix).intermediate.dense.weight"] = [40, 24]
            shapes["\(prefix).intermediate.dense.bias"] = [40]
            shapes["\(prefix).output.dense.weight"] = [24, 40]
            shapes["\(prefix).output.dense.bias"] = [24]
            for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes["\(prefix).\(norm).weight"] = [24]
                shapes["\(prefix).\(norm).bias"] = [24]
            }
        }
        return shapes
    }()
}
