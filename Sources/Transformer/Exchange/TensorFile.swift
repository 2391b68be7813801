import Safetensors
import Tensors

/// A small safetensors file, read tensor by tensor with errors that name the file and the tensor.
struct TensorFile {
    let path: String
    private let file: SafetensorsFile

    init(path: String) throws(ModelError) {
        do {
            file = try SafetensorsFile(path: path)
        } catch {
            throw ModelError(.unreadable, String(describing: error))
        }
        self.path = path
    }

    /// The names of all tensors, sorted.
    var names: [String] { file.entries.keys.sorted() }

    var metadata: [String: String] { file.metadata }

    /// The tensor `name`, as `SafetensorsFile.tensor(of:)` reads it, all of whose values are finite.
    func tensor(_ name: String) throws(ModelError) -> NamedTensor {
        guard let entry = file.entries[name] else {
            throw ModelError(.missingTensor, "\(path): there is no tensor '\(name)'")
        }
        let tensor = try naming { () throws(ModelError) in try file.tensor(of: entry) }
        guard tensor.isFinite else {
            throw ModelError(.malformed, "\(path): tensor '\(name)' holds values that are not finite")
        }
        return NamedTensor(name: name, tensor: tensor)
    }

    /// Calls `body`, and puts the file's name before what its errors say.
    func naming<R>(_ body: () throws(ModelError) -> R) throws(ModelError) -> R {
        do {
            return try body()
        } catch {
            throw ModelError(error.code, "\(path): \(error.description)")
        }
    }
}
