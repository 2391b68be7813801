package import Tensors

/// A tensor with its name, as a safetensors file holds it.
package struct NamedTensor: Sendable, Equatable {
    package let name: String
    package let tensor: Tensor

    package init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }

    /// The values of `shape`, in row-major order.
    package init(name: String, shape: [Int], values: [Float]) {
        self.init(name: name, tensor: Tensor(values, shape: shape))
    }

    package var shape: [Int] { tensor.shape }

    /// Equal names, shapes and bits.
    package static func == (a: NamedTensor, b: NamedTensor) -> Bool {
        a.name == b.name && a.tensor.hasBits(of: b.tensor)
    }
}

extension BodyParameters {
    /// These parameters with those of `delta` in place of the ones of the same name.
    ///
    /// - Throws: `ModelError` naming a tensor that the body does not have or that has another shape.
    package func replacing(
        _ delta: [NamedTensor],
        configuration: ModelConfiguration
    ) throws(ModelError) -> BodyParameters {
        var left: [String: NamedTensor] = [:]
        for tensor in delta {
            guard left.updateValue(tensor, forKey: tensor.name) == nil else {
                throw ModelError(.malformed, "tensor '\(tensor.name)' is there twice")
            }
        }
        var result = self
        try result.walk(configuration) { (place, tensor) throws(ModelError) in
            guard let new = left.removeValue(forKey: place.name) else { return }
            guard new.shape == place.shape else {
                throw ModelError(.wrongShape, "tensor '\(place.name)' is \(new.shape), expected \(place.shape)")
            }
            tensor = new.tensor
        }
        if let name = left.keys.min() {
            throw ModelError(.unusedTensor, "the body has no tensor '\(name)'")
        }
        return result
    }
}
