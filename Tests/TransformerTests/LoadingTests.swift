import Foundation
import Glibc
import Testing
import Transformer

@Suite struct `Loading a model directory` {
    private func load(_ change: (inout [String: [Int]]) -> Void) throws -> ModelError? {
        let directory = try TinyModel.write(changing: change)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        do {
            _ = try TextModel(directory: directory)
            return nil
        } catch {
            return error
        }
    }

    @Test func `accepts exactly the tensors of the architecture`() throws {
        #expect(try load { _ in } == nil)
    }

    @Test func `names a missing tensor`() throws {
        let name = "bert.encoder.layer.1.output.dense.bias"
        let error = try load { $0[name] = nil }
        #expect(error?.code == .missingTensor)
        #expect(error?.description.contains(name) == true)
    }

    @Test func `names a tensor of another shape, and both shapes`() throws {
        let error = try load { $0["bert.pooler.dense.weight"] = [24, 23] }
        #expect(error?.code == .wrongShape)
        #expect(error?.description == "tensor 'bert.pooler.dense.weight' is [24, 23], expected [24, 24]")
    }

    @Test func `names a tensor that nothing uses`() throws {
        let error = try load { $0["bert.encoder.layer.2.output.dense.bias"] = [24] }
        #expect(error?.code == .unusedTensor)
        #expect(error?.description.contains("bert.encoder.layer.2.output.dense.bias") == true)
    }

    @Test func `wants as many labels as the classifier has rows`() throws {
        let error = try load { shapes in
            shapes["classifier.weight"] = [4, 24]
            shapes["classifier.bias"] = [4]
        }
        #expect(error?.description.contains("names 3 labels, but classifier.weight has 4 rows") == true)
    }

    @Test func `wants a classifier to tell something apart`() throws {
        let error = try load { shapes in
            shapes["classifier.weight"] = [1, 24]
            shapes["classifier.bias"] = [1]
        }
        #expect(error?.description.contains("has 1 row") == true)
    }

    @Test(arguments: [
        (#""hidden_act": "gelu""#, #""hidden_act": "swish""#, "hidden_act"),
        (#""model_type": "bert""#, #""model_type": "t5""#, "model_type"),
        (#""num_attention_heads": 3"#, #""num_attention_heads": 5"#, "not a multiple"),
        (#""vocab_size": 50"#, #""vocab_size": 1e30"#, "vocab_size"),
        (#""vocab_size": 50"#, #""vocab_size": -1"#, "vocab_size"),
        (#""vocab_size": 50"#, #""vocab_size": "50""#, "vocab_size"),
        (#""layer_norm_eps": 1e-12"#, #""layer_norm_eps": 7"#, "layer_norm_eps"),
        (#""1": "middle""#, #""1": "low""#, "same label"),
        (#""1": "middle""#, #""7": "middle""#, "id2label"),
        (#""model_type": "bert","#, #""model_type": "bert", "is_decoder": true,"#, "is_decoder"),
        ("BertForSequenceClassification", "BertForTokenClassification", "BertForTokenClassification"),
        (
            #""model_type": "bert","#, #""model_type": "bert", "problem_type": "multi_label_classification","#,
            "problem_type"
        ),
        (#"{"model_type""#, #"["model_type""#, "config.json"),
    ])
    func `names the field of config.json that it cannot use`(old: String, new: String, culprit: String) throws {
        let directory = try TinyModel.write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/config.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacing(old, with: new).write(toFile: path, atomically: false, encoding: .utf8)
        let error = #expect(throws: ModelError.self) { try TextModel(directory: directory) }
        #expect(error?.description.contains(culprit) == true)
    }

    /// The Hub's cache keeps files elsewhere and links to them.
    @Test func `follows a link to a file`() throws {
        let directory = try TinyModel.write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.moveItem(atPath: "\(directory)/\(name)", toPath: "\(directory)/blob-\(name)")
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/\(name)", withDestinationPath: "blob-\(name)")
        }
        _ = try TextModel(directory: directory)
    }

    @Test(
        .timeLimit(.minutes(15)),
        arguments: ["config.json", "model.safetensors", "modules.json", "1_Pooling/config.json"], [true, false])
    func `refuses a pipe or a folder in place of a file`(name: String, isPipe: Bool) throws {
        // A classifier has its own pooling; an encoder's is read.
        let directory = try TinyModel.write { $0 = $0.filter { !$0.key.hasPrefix("classifier") } }
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let files = FileManager.default
        try files.createDirectory(atPath: "\(directory)/1_Pooling", withIntermediateDirectories: true)
        try #"[{"type": "a.Pooling", "path": "1_Pooling"}]"#
            .write(toFile: "\(directory)/modules.json", atomically: false, encoding: .utf8)
        let path = "\(directory)/\(name)"
        try? files.removeItem(atPath: path)
        if isPipe {
            #expect(mkfifo(path, 0o600) == 0)
        } else {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let error = #expect(throws: ModelError.self) { try TextModel(directory: directory) }
        #expect(error?.description == "\(path): not a regular file")
    }

    /// A directory with `pooling` for the configuration of its pooling, and `general` for that of sentence-transformers.
    private func plan(_ pooling: String, general: String? = nil) throws -> PoolingPlan {
        let directory = try TinyModel.write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: "\(directory)/pool", withIntermediateDirectories: true)
        let modules = #"[{"type": "a.Pooling", "path": "pool"}, {"type": "a.Normalize", "path": "2_Normalize"}]"#
        let files = [
            ("modules.json", modules), ("pool/config.json", pooling), ("config_sentence_transformers.json", general),
        ]
        for case (let name, let text?) in files {
            try text.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
        }
        return try PoolingPlan(directory: directory)
    }

    @Test(arguments: [
        (#"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}"#, Pooling.mean),
        (#"{"pooling_mode_mean_tokens": false, "pooling_mode_cls_token": true}"#, .cls),
        (#"{"pooling_mode_max_tokens": true}"#, .max),
        // As newer releases write it, where it counts before the flags, and is the mean where nothing is said.
        (#"{"embedding_dimension": 8, "pooling_mode": "mean", "include_prompt": true}"#, .mean),
        (#"{"pooling_mode": "cls", "pooling_mode_mean_tokens": true}"#, .cls),
        (#"{"pooling_mode": ["max"]}"#, .max), (#"{"embedding_dimension": 8}"#, .mean),
    ])
    func `reads how a model pools, as older and newer releases write it`(config: String, pooling: Pooling) throws {
        #expect(try plan(config) == PoolingPlan(pooling: pooling, normalizes: true))
    }

    @Test(arguments: [
        #"{"pooling_mode": "weightedmean"}"#, #"{"pooling_mode": ["mean", "cls"]}"#,
        #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#,
        #"{"pooling_mode_mean_tokens": false}"#, #"{"pooling_mode_lasttoken": true}"#,
    ])
    func `refuses to pool in another way`(config: String) {
        let error = #expect(throws: ModelError.self) { try plan(config) }
        #expect(error?.description.contains("pooling") == true)
    }

    @Test func `refuses a prompt before every text, and nothing else that prompts are for`() throws {
        let pooling = #"{"pooling_mode": "mean"}"#
        let prompts = #""prompts": {"query": "query: ", "none": ""}, "default_prompt_name""#
        for harmless in ["null", #""none""#] {
            _ = try plan(pooling, general: "{\(prompts): \(harmless)}")
        }
        let error = #expect(throws: ModelError.self) { try plan(pooling, general: "{\(prompts): \"query\"}") }
        #expect(error?.description.contains("default_prompt_name") == true)
    }

    @Test(arguments: [
        (#"[{"type": "a.Transformer", "path": ""}, {"type": "a.Dense", "path": "2_Dense"}]"#, "2_Dense"),
        (#"[{"type": "a.Pooling", "path": "../elsewhere"}]"#, "leads out"),
        (#"[{"type": "a.Pooling", "path": "1_Pooling/.."}]"#, "leads out"),
        (#"[{"type": "a.Pooling", "path": "..\/\u0301elsewhere"}]"#, "leads out"),
        (#"[{"type": "a.Pooling", "path": "/etc"}]"#, "leads out"),
        (#"[{"type": "a.Pooling", "path": "1_Pooling\u0000"}]"#, "leads out"),
        (#"{"type": "a.Pooling"}"#, "modules.json"),
    ])
    func `names the module that it cannot use`(modules: String, culprit: String) throws {
        let directory = try TinyModel.write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try modules.write(toFile: "\(directory)/modules.json", atomically: false, encoding: .utf8)
        let error = #expect(throws: ModelError.self) { try TextModel(directory: directory) }
        #expect(error?.description.contains(culprit) == true)
    }
}
