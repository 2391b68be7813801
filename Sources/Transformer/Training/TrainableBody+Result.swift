import Tensors

extension TrainableBody {
    /// The values of everything that is trained, under names of a plain encoder's checkpoint or of PEFT.
    ///
    /// A table of which only touched rows are trained comes as a whole.
    /// - Parameter namePrefix: what the model has before a plain encoder's names, such as `bert.`.
    package func delta(namePrefix: String = "") -> [NamedTensor] {
        var prefix = namePrefix
        if case .lora = plan.method { prefix = LowRankAdapter.prefix + namePrefix }
        return trained.map { tensor in
            NamedTensor(name: prefix + tensor.name, shape: tensor.shape, values: values(of: tensor))
        }
    }

    /// The addition as it is now, for `lora`.
    package var adapter: LowRankAdapter? {
        guard case .lora(let low) = plan.method else { return nil }
        let all = Dictionary(uniqueKeysWithValues: trained.map { ($0.name, $0) })
        var factors: [String: LowRankAdapter.Factors] = [:]
        for (name, _) in LowRankAdapter.layers(low, of: plan.base, plan.configuration) {
            guard let a = all["\(name).lora_A.weight"], let b = all["\(name).lora_B.weight"] else { continue }
            factors[name] = LowRankAdapter.Factors(
                a: Tensor(a.value.values, shape: a.shape),
                b: Tensor(b.value.values, shape: b.shape)
            )
        }
        return LowRankAdapter(low, factors: factors)
    }

    /// The dense body as it is now, to which `adapter` is still to be added.
    package func parameters() -> BodyParameters {
        var result = plan.base
        let all = Dictionary(uniqueKeysWithValues: trained.map { ($0.name, $0) })
        result.walk(plan.configuration) { place, tensor in
            guard let new = all[place.name] else { return }
            tensor = Tensor(values(of: new), shape: place.shape)
        }
        return result
    }

    private func values(of tensor: TrainedTensor) -> [Float] {
        guard let rows = tensor.rows else { return tensor.value.values }
        var values = plan.base.wordEmbeddings.values
        let width = tensor.value.columns
        for (slot, id) in rows.ids.enumerated() {
            values.replaceSubrange(Int(id) * width..<(Int(id) + 1) * width, with: tensor.value.constant.row(slot))
        }
        return values
    }
}
