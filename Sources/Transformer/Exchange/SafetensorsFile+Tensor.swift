import Safetensors
import Tensors

extension SafetensorsFile {
    /// The values of `entry`: F32 where it is mapped, F16 and BF16 widened into memory of their own.
    ///
    /// - Throws: `ModelError` if it is of another type.
    func tensor(of entry: TensorEntry) throws(ModelError) -> Tensor {
        if entry.elementType == .f32 {
            let mapped: Tensor? = unsafe withUnsafeBytes(of: entry) { bytes in
                guard let base = bytes.baseAddress, UInt(bitPattern: base).isMultiple(of: 4) else { return nil }
                let floats = unsafe base.assumingMemoryBound(to: Float.self)
                return unsafe Tensor(
                    storage: FloatStorage(borrowing: floats, count: entry.count, from: self), shape: entry.shape)
            }
            if let mapped { return mapped }
        }
        guard let values = floats(of: entry) else {
            throw ModelError(
                .malformed, "tensor '\(entry.name)' is \(entry.elementType.rawValue); expected F32, F16 or BF16")
        }
        return Tensor(values, shape: entry.shape)
    }
}
