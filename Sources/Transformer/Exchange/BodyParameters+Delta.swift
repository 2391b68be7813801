package import Foundation
import Safetensors
import Tensors

/// delta.safetensors: the biases that a tuned body has in place of the base model's.
///
/// F32 tensors under the names and of the shapes that the base model's checkpoint gives them, their values to be put in
/// place of the checkpoint's (they are not differences). Biases of linear layers and of norms; what is not in the file
/// is as in the base model. The metadata's `format` is `attuned-bias-1`.
extension BodyParameters {
    package static let deltaFileName = "delta.safetensors"
    private static let deltaFormat = "attuned-bias-1"

    /// The file's bytes: all biases that are not, to the bit, those of `base`.
    ///
    /// - Parameter namePrefix: what the model has before a plain encoder's names, such as `bert.`.
    package func serializedDelta(
        from base: BodyParameters, configuration: ModelConfiguration, namePrefix: String
    ) -> Data {
        var changed: [(name: String, shape: [Int], values: [Float])] = []
        for ((place, tensor), (_, old)) in zip(tensors(configuration), base.tensors(configuration))
        where place.kind.isBias {
            let values = tensor.values
            guard values.map(\.bitPattern) != old.values.map(\.bitPattern) else { continue }
            changed.append((namePrefix + place.name, place.shape, values))
        }
        return SafetensorsWriter.serialize(changed, metadata: ["format": Self.deltaFormat])
    }

    /// These parameters with the biases in `directory`'s delta.safetensors.
    ///
    /// - Throws: `ModelError` naming the file, and the tensor that is no bias of this model or of another shape.
    package func applyingDelta(
        directory: String, configuration: ModelConfiguration, namePrefix: String
    ) throws(ModelError) -> BodyParameters {
        let file = try TensorFile(path: "\(directory)/\(Self.deltaFileName)")
        guard file.metadata["format"] == Self.deltaFormat else {
            let found = file.metadata["format"] ?? ""
            throw ModelError(
                .malformed, "\(file.path): metadata 'format' is '\(found)', expected '\(Self.deltaFormat)'")
        }
        let biases = Set(tensors(configuration).filter(\.place.kind.isBias).map { namePrefix + $0.place.name })
        var delta: [NamedTensor] = []
        for name in file.names {
            guard biases.contains(name) else {
                throw ModelError(.unusedTensor, "\(file.path): tensor '\(name)' is not a bias of the model")
            }
            let tensor = try file.tensor(name)
            delta.append(
                NamedTensor(name: String(name.dropFirst(namePrefix.count)), tensor: tensor.tensor))
        }
        return try file.naming { () throws(ModelError) in try replacing(delta, configuration: configuration) }
    }
}

extension ParameterPlace.Kind {
    /// Whether it is what bias tuning changes.
    package var isBias: Bool { self == .bias || self == .normBias }
}
