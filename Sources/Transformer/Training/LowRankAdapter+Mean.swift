import Tensors

extension LowRankAdapter {
    /// The addition that is the mean of those of `adapters`, which have one plan and cover the same layers.
    ///
    /// The factors stand side by side, so that its rank is the sum of theirs and nothing is lost.
    package static func mean(_ adapters: [LowRankAdapter]) -> LowRankAdapter {
        guard let first = adapters.first, adapters.count > 1 else {
            precondition(!adapters.isEmpty, "a mean of nothing")
            return adapters[0]
        }
        let share = 1 / Float(adapters.count)
        var factors: [String: Factors] = [:]
        for (name, own) in first.factors {
            let members = adapters.map { adapter in
                guard let member = adapter.factors[name], adapter.plan == first.plan else {
                    preconditionFailure("the adapters cover different layers")
                }
                return member
            }
            let (inputSize, outputSize) = (own.a.shape[1], own.b.shape[0])
            let rank = first.plan.rank
            let a = members.flatMap(\.a.values)
            var b: [Float] = []
            b.reserveCapacity(outputSize * rank * members.count)
            let rows = members.map(\.b.values)
            for row in 0..<outputSize {
                for values in rows { b += values[row * rank..<(row + 1) * rank].map { $0 * share } }
            }
            factors[name] = Factors(
                a: Tensor(a, shape: [rank * members.count, inputSize]),
                b: Tensor(b, shape: [outputSize, rank * members.count])
            )
        }
        // alpha / rank stays what it was.
        let plan = LowRankPlan(
            rank: first.plan.rank * adapters.count,
            alpha: first.plan.alpha * Float(adapters.count),
            targets: first.plan.targets
        )
        return LowRankAdapter(plan, factors: factors)
    }
}
