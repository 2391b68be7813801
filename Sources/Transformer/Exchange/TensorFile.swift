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
        guard let tensor = file.tensor(of: entry) else {
            throw ModelError(
                .malformed,
                "\(path): tensor '\(name)' is \(entry.elementType.rawValue); expected F32, F16 or BF16")
        }
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

extension SafetensorsFile {
    /// The values of `entry`: F32 where it is mapped, F16 and BF16 widened into memory of their own; nil for other types.
    func tensor(of entry: TensorEntry) -> Tensor? {
        if entry.elementType == .f32 {
            let mapped: Tensor? = unsafe withUnsafeBytes(of: entry) { bytes in
                guard let base = bytes.baseAddress, UInt(bitPattern: base).isMultiple(of: 4) else { return nil }
                let floats = unsafe base.assumingMemoryBound(to: Float.self)
                return unsafe Tensor(
                    storage: FloatStorage(borrowing: floats, count: entry.count, from: self), shape: entry.shape)
            }
            if let mapped { return mapped }
        }
        return floats(of: entry).map { Tensor($0, shape: entry.shape) }
    }
}
