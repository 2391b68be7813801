import Transformer

extension Burst.Outcome {
    /// The mean of the additions of bursts on `input` that differ in their seeds (a model soup, arXiv 2203.05482): better
    /// than one of them, and served at the cost of one.
    ///
    /// For `lora` without an addition to go on from.
    package static func mean(
        _ outcomes: [Burst.Outcome], on input: Burst.Input, namePrefix: String
    ) -> Burst.Outcome {
        let adapters = outcomes.compactMap(\.adapter)
        guard let last = outcomes.last, adapters.count == outcomes.count, input.adapter == nil else {
            preconditionFailure("a mean is taken of new additions")
        }
        let mean = LowRankAdapter.mean(adapters)
        return Burst.Outcome(
            delta: mean.tensors(namePrefix: namePrefix),
            adapter: mean,
            parameters: input.base,
            head: last.head,
            steps: outcomes.flatMap(\.steps),
            end: last.end
        )
    }
}
