import Foundation
import Learning
import Storage
import Testing
import Transformer
import Tuning

@Suite struct `Configurations of adapters` {
    /// What peft 0.21 writes for a plain adapter, with `changes` (JSON members) in it.
    private func write(_ changes: [String: String]) throws -> URL {
        var members = [
            "alora_invocation_tokens": "null", "alpha_pattern": "{}", "arrow_config": "null", "auto_mapping": "null",
            "base_model_name_or_path": #""somewhere""#, "bias": #""none""#, "corda_config": "null",
            "ensure_weight_tying": "false", "eva_config": "null", "exclude_modules": "null", "fan_in_fan_out": "false",
            "inference_mode": "true", "init_lora_weights": "true", "layer_replication": "null",
            "layers_pattern": "null", "layers_to_transform": "null", "loftq_config": "{}", "lora_alpha": "6",
            "lora_bias": "false", "lora_dropout": "0.1", "megatron_config": "null",
            "megatron_core": #""megatron.core""#, "modules_to_save": "null", "peft_type": #""LORA""#,
            "peft_version": #""0.21.2""#, "qalora_group_size": "16", "r": "4", "rank_pattern": "{}",
            "revision": "null", "target_modules": #"["query", "output.dense"]"#, "target_parameters": "null",
            "task_type": #""FEATURE_EXTRACTION""#, "trainable_token_indices": "null", "use_bdlora": "null",
            "use_dora": "false", "use_qalora": "false", "use_rslora": "false",
        ]
        for (name, value) in changes { members[name] = value }
        let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let text = "{" + members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
        try Data(text.utf8).write(to: folder.appending(path: "adapter_config.json"))
        return folder
    }

    private func read(_ changes: [String: String]) throws -> LowRankPlan {
        let folder = try write(changes)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try LowRankPlan(directory: folder.path(percentEncoded: false))
    }

    @Test func `that peft writes are read`() throws {
        #expect(try read([:]) == LowRankPlan(rank: 4, alpha: 6, targets: ["query", "output.dense"]))
        #expect(try read(["use_rslora": "true"]).alpha == 12, "6 / √4 is the scale of 12 / 4")
        #expect(try read(["some_future_key": "null", "another": "[]"]).rank == 4)
    }

    @Test(arguments: [
        ("peft_type", #""IA3""#), ("bias", #""all""#), ("modules_to_save", #"["classifier"]"#), ("use_dora", "true"),
        ("rank_pattern", #"{"query": 8}"#), ("alpha_pattern", #"{"query": 8}"#), ("fan_in_fan_out", "true"),
        ("target_modules", #""all-linear""#), ("target_modules", "[]"), ("layers_to_transform", "[0]"),
        ("init_lora_weights", #""pissa""#), ("lora_bias", "true"), ("trainable_token_indices", "[1]"),
        ("some_future_key", "true"), ("r", "0"), ("r", "4.5"), ("r", "99999999"), ("lora_alpha", #""a""#),
        ("lora_alpha", "1e300"), ("exclude_modules", #"["key"]"#), ("eva_config", #"{"rho": 2}"#),
    ])
    func `that ask for more are refused by the field's name`(name: String, value: String) throws {
        let error = #expect(throws: ModelError.self) { _ = try read([name: value]) }
        #expect(error?.description.contains("adapter_config.json: '\(name)'") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [LowRankPlan(rank: 3, alpha: 16), LowRankPlan(rank: 5, alpha: 0.1, targets: ["query"])])
    func `are read as they were written`(plan: LowRankPlan) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for base in ["/models/a \"b\"", nil] {
            let bytes = plan.serialized(baseModel: base, taskType: nil)
            try bytes.write(to: folder.appending(path: "adapter_config.json"))
            #expect(try LowRankPlan(directory: folder.path(percentEncoded: false)) == plan)
            #expect(plan.serialized(baseModel: base, taskType: nil) == bytes)
        }
    }
}
