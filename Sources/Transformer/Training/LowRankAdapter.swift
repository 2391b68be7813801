package import Tensors

/// The factors of a low-rank addition to a body: weight + scale · b · a for each layer that the plan covers.
package struct LowRankAdapter: Sendable {
    /// The factors of one linear layer.
    package struct Factors: Sendable {
        /// [rank, inputSize].
        package let a: Tensor
        /// [outputSize, rank].
        package let b: Tensor
    }

    package let plan: LowRankPlan
    /// By the name of the linear layer, such as `encoder.layer.0.output.dense`.
    package let factors: [String: Factors]

    /// Before all names in PEFT's files.
    package static let prefix = "base_model.model."

    init(_ plan: LowRankPlan, factors: [String: Factors]) {
        self.plan = plan
        self.factors = factors
    }

    /// A new addition, which changes nothing yet: b is zero, a uniform in ±1/√inputSize as in PEFT, drawn from `seed`.
    ///
    /// - Throws: `ModelError` if the plan covers no layer of `body`.
    package init(
        _ plan: LowRankPlan,
        for body: BodyParameters,
        configuration: ModelConfiguration,
        seed: UInt64
    ) throws(ModelError) {
        var factors: [String: Factors] = [:]
        for (name, shape) in Self.layers(plan, of: body, configuration) {
            var generator = SplitMix(seed: seed, name: name)
            let bound = 1 / Float(shape[1]).squareRoot()
            let a = (0..<plan.rank * shape[1]).map { _ in generator.nextSigned() * bound }
            let b = [Float](repeating: 0, count: shape[0] * plan.rank)
            factors[name] = Factors(
                a: Tensor(a, shape: [plan.rank, shape[1]]),
                b: Tensor(b, shape: [shape[0], plan.rank])
            )
        }
        guard !factors.isEmpty else {
            throw ModelError(.unsupported, "no linear layer of the model ends in any of \(plan.targets)")
        }
        self.plan = plan
        self.factors = factors
    }

    /// The addition in `tensors`, under PEFT's names.
    ///
    /// - Parameter namePrefix: what the model has before a plain encoder's names, such as `bert.`.
    /// - Throws: `ModelError` naming a tensor that is missing, superfluous or of the wrong shape.
    package init(
        _ plan: LowRankPlan,
        tensors: [NamedTensor],
        for body: BodyParameters,
        configuration: ModelConfiguration,
        namePrefix: String = ""
    ) throws(ModelError) {
        var left: [String: NamedTensor] = [:]
        for tensor in tensors { left[tensor.name] = tensor }
        func take(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor {
            guard let tensor = left.removeValue(forKey: name) else {
                throw ModelError(.missingTensor, "the adapter has no tensor '\(name)' (expected \(shape))")
            }
            guard tensor.shape == shape else {
                throw ModelError(.wrongShape, "tensor '\(name)' is \(tensor.shape), expected \(shape)")
            }
            return tensor.tensor
        }
        var factors: [String: Factors] = [:]
        for (name, shape) in Self.layers(plan, of: body, configuration) {
            let full = Self.prefix + namePrefix + name
            factors[name] = Factors(
                a: try take("\(full).lora_A.weight", [plan.rank, shape[1]]),
                b: try take("\(full).lora_B.weight", [shape[0], plan.rank])
            )
        }
        if let name = left.keys.min() {
            throw ModelError(
                .unusedTensor,
                "the adapter's tensor '\(name)' belongs to no layer that it names as target"
            )
        }
        self.plan = plan
        self.factors = factors
    }

    /// The dense body with the addition in it: in all of it, or in one part and the rest as it is.
    package func merged(
        into body: BodyParameters, configuration: ModelConfiguration, part: ParameterPlace.Part? = nil
    ) -> BodyParameters {
        var result = body
        result.walk(configuration) { place, tensor in
            if part == nil || place.part == part { tensor = merged(into: tensor, at: place) }
        }
        return result
    }

    /// The body's tensor at `place` with the addition in it, or as it is where nothing is added.
    package func merged(into tensor: Tensor, at place: ParameterPlace) -> Tensor {
        guard place.kind == .weight, let factors = factors[place.module] else { return tensor }
        return Tensor(shape: place.shape) { sum in
            sum.copy(tensor.matrix)
            LinearAlgebra.multiplyTiled(
                factors.b.matrix,
                factors.a.matrix,
                alpha: plan.scale,
                beta: 1,
                into: sum
            )
        }
    }

    /// Takes a mapped file's factors out of memory until they are read again.
    func letGo() {
        for layer in factors.values {
            layer.a.letGo()
            layer.b.letGo()
        }
    }

    /// Names and shapes of the linear layers that `plan` covers.
    static func layers(
        _ plan: LowRankPlan,
        of body: BodyParameters,
        _ configuration: ModelConfiguration
    ) -> [(name: String, shape: [Int])] {
        body.tensors(configuration).compactMap { place, _ in
            place.kind == .weight && plan.covers(place.module) ? (place.module, place.shape) : nil
        }
    }
}

extension ParameterPlace {
    /// The name of the layer that the tensor belongs to: its own name without the last part.
    package var module: String {
        name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
}
