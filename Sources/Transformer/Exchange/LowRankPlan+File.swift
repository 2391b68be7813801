package import Foundation

extension LowRankPlan {
    /// The file of a PEFT directory that says what the tensors beside it are.
    package static let fileName = "adapter_config.json"

    /// Fields that say nothing about what the addition computes, whatever they hold.
    private static let uninteresting: Set<String> = [
        "auto_mapping", "base_model_name_or_path", "inference_mode", "lora_dropout", "megatron_core", "peft_version",
        "qalora_group_size", "revision", "task_type",
    ]
    /// Fields that are read.
    private static let known: Set<String> = [
        "bias", "init_lora_weights", "lora_alpha", "peft_type", "r", "target_modules", "use_rslora",
    ]

    /// Reads adapter_config.json of `directory`, which PEFT or `serialized` wrote.
    ///
    /// Rank-stabilised scaling is taken in as the alpha that has the same effect.
    /// - Throws: `ModelError` naming the field that is wrong, or that asks for more than a plain low-rank addition.
    package init(directory: String) throws(ModelError) {
        guard let file = try ModelFile(Self.fileName, in: directory) else {
            throw ModelError(.unreadable, "\(directory)/\(Self.fileName) is missing")
        }
        let type = try file.string("peft_type", otherwise: "")
        guard type == "LORA" else {
            throw file.fault("peft_type", "'\(type)' is not supported; supported: LORA", code: .unsupported)
        }
        let bias = try file.string("bias", otherwise: "none")
        guard bias == "none" else {
            throw file.fault("bias", "'\(bias)' is not supported; supported: none", code: .unsupported)
        }
        // Others begin by changing the base model's weights.
        if let beginning = file.text("init_lora_weights"), beginning != "gaussian" {
            throw file.fault("init_lora_weights", "'\(beginning)' is not supported", code: .unsupported)
        }
        for name in file.names where !Self.uninteresting.contains(name) && !Self.known.contains(name) {
            guard file.isEmpty(name) else {
                throw file.fault(name, "not supported; expected nothing or false", code: .unsupported)
            }
        }
        if let pattern = file.text("target_modules") {
            throw file.fault(
                "target_modules", "'\(pattern)' is not supported; expected a list of names", code: .unsupported)
        }
        let targets = file.list("target_modules")
        guard !targets.isEmpty, !targets.contains("") else {
            throw file.fault("target_modules", "expected a list of names")
        }
        let rank = try file.size("r", most: 1 << 14)
        var alpha = try file.number("lora_alpha", otherwise: 8)
        if file.flag("use_rslora") { alpha *= Double(rank).squareRoot() }
        guard Float(alpha).isFinite else { throw file.fault("lora_alpha", "expected a number of usual size") }
        self.init(rank: rank, alpha: Float(alpha), targets: targets)
    }

    /// The text of an adapter_config.json with which PEFT computes the same; equal plans have equal texts.
    ///
    /// - Parameters:
    ///   - baseModel: where the model is that the addition belongs to; nil where it has no place of its own.
    ///   - taskType: PEFT's name of what the model is for, such as "FEATURE_EXTRACTION"; nil for none.
    package func serialized(baseModel: String?, taskType: String?) -> Data {
        // A whole number, as PEFT's users write it, where it is one; else all digits of the float.
        let alpha = Int(exactly: alpha).map { NSNumber(value: $0) } ?? NSDecimalNumber(string: "\(self.alpha)")
        let none = NSNull()
        let fields: [String: Any] = [
            "auto_mapping": none, "base_model_name_or_path": baseModel ?? none, "bias": "none",
            "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "lora_alpha": alpha,
            "lora_dropout": 0, "modules_to_save": none, "peft_type": "LORA", "r": rank, "revision": none,
            "target_modules": targets, "task_type": taskType ?? none, "use_dora": false, "use_rslora": false,
        ]
        let text = try? JSONSerialization.data(
            withJSONObject: fields, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        guard let text else { preconditionFailure("these values can be written as JSON") }
        return text + Data("\n".utf8)
    }
}
