package import Foundation
import Safetensors
import Tensors

/// model.safetensors: a whole body as a checkpoint.
extension BodyParameters {
    package static let checkpointFileName = "model.safetensors"

    /// The bytes of a checkpoint with everything that the model directory `directory` has, these parameters in place of
    /// its own.
    ///
    /// All in F32. What is not of the body (a pooler that it does without, a classifier) is kept, so that the checkpoint
    /// is complete for whoever expects it; buffers of integers are not, since nobody loads them any more.
    /// - Parameter namePrefix: what the model has before a plain encoder's names, such as `bert.`.
    /// - Throws: `ModelError` if the model directory cannot be read.
    package func serializedCheckpoint(
        like directory: String, configuration: ModelConfiguration, namePrefix: String
    ) throws(ModelError) -> Data {
        var all: [(name: String, shape: [Int], values: [Float])] = tensors(configuration).map { place, tensor in
            (namePrefix + place.name, place.shape, tensor.values)
        }
        let own = Set(all.map(\.name))
        do {
            let checkpoint = try Checkpoint(directory: directory)
            for name in checkpoint.names where !own.contains(name) {
                guard let entry = checkpoint.entry(name), entry.elementType.isFloatingPoint else { continue }
                all.append((name, entry.shape, try checkpoint.floats(name)))
            }
        } catch {
            throw ModelError(.unreadable, String(describing: error))
        }
        return SafetensorsWriter.serialize(all, metadata: ["format": "pt"])
    }

    /// Reads the checkpoint in `directory`.
    ///
    /// - Throws: `ModelError` naming the file, and the tensor that is missing, left over, of the wrong shape or not finite.
    package init(
        checkpointIn directory: String, configuration: ModelConfiguration, namePrefix: String, withPooler: Bool
    ) throws(ModelError) {
        let path = "\(directory)/\(Self.checkpointFileName)"
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(directory: directory)
        } catch {
            throw ModelError(.unreadable, String(describing: error))
        }
        do {
            let root = ParameterScope(checkpoint)
            let scope = namePrefix.isEmpty ? root : root[String(namePrefix.dropLast())]
            try self.init(scope, configuration: configuration, withPooler: withPooler)
            TextModel.ignoreUnneeded(root: root, body: scope)
            root.ignore(["classifier."])
            try root.checkAllUsed()
        } catch {
            throw ModelError(error.code, "\(path): \(error.description)")
        }
        for (place, tensor) in tensors(configuration) where !tensor.values.allSatisfy(\.isFinite) {
            throw ModelError(
                .malformed, "\(path): tensor '\(namePrefix + place.name)' holds values that are not finite")
        }
    }
}
