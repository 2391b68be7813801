package import Foundation
import Safetensors
import Tensors

extension LowRankAdapter {
    /// The file of a PEFT directory that holds the factors.
    package static let fileName = "adapter_model.safetensors"

    /// The factors under PEFT's names, in the order of these.
    ///
    /// - Parameter namePrefix: what the model has before a plain encoder's names, such as `bert.`.
    package func tensors(namePrefix: String) -> [NamedTensor] {
        factors.sorted { $0.key < $1.key }.flatMap { layer, factors in
            [("A", factors.a), ("B", factors.b)].map { letter, factor in
                NamedTensor(name: "\(Self.prefix)\(namePrefix)\(layer).lora_\(letter).weight", tensor: factor)
            }
        }
    }

    /// The file's bytes.
    package func serialized(namePrefix: String) -> Data {
        SafetensorsWriter.serialize(
            tensors(namePrefix: namePrefix).map { ($0.name, $0.shape, $0.tensor.values) }, metadata: ["format": "pt"])
    }

    /// Reads the PEFT directory `directory`, an addition to `body`.
    ///
    /// It may have been trained on the model with a task's head around it, and so have `bert.` before its names, or on
    /// the encoder alone. Factors of a pooler that the body does without are left out.
    /// - Throws: `ModelError` naming the file, and the field or the tensor that is wrong, missing or left over.
    package static func read(
        directory: String, for body: BodyParameters, configuration: ModelConfiguration
    ) throws(ModelError) -> LowRankAdapter {
        let plan = try LowRankPlan(directory: directory)
        let file = try TensorFile(path: "\(directory)/\(fileName)")
        let wrapped = prefix + TextModel.wrapperPrefix
        let namePrefix = file.names.contains { $0.hasPrefix(wrapped) } ? TextModel.wrapperPrefix : ""
        var tensors: [NamedTensor] = []
        for name in file.names {
            if body.pooler == nil && name.hasPrefix("\(prefix)\(namePrefix)pooler.") { continue }
            tensors.append(try file.tensor(name))
        }
        return try file.naming { () throws(ModelError) in
            try LowRankAdapter(
                plan, tensors: tensors, for: body, configuration: configuration, namePrefix: namePrefix)
        }
    }
}
