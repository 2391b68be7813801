package import Transformer

extension HeadProblem {
    /// What is wrong with `head` as an answer to the examples, or nil: values that are not finite, or one class for all.
    package func fault(in head: ClassificationHead) -> String? {
        guard head.weight.allSatisfy(\.isFinite), head.bias.allSatisfy(\.isFinite), head.temperature.isFinite else {
            return "the head has values that are not finite"
        }
        guard head.featureCount == examples.featureCount else {
            return "the head takes \(head.featureCount) features, the examples have \(examples.featureCount)"
        }
        let count = min(examples.count, 2048)
        guard count > 1, !head.labels.isEmpty else { return nil }
        var answers: Set<Int> = []
        for row in 0..<count {
            let start = row * examples.featureCount
            let logits = head.logits(examples.features.span.extracting(start..<start + examples.featureCount))
            answers.insert(logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 })
            if answers.count > 1 { return nil }
        }
        guard let only = answers.first else { return nil }
        // Where one class outweighs all others by far, one answer for all may be the best there is; and few examples
        // may be the same text with several labels.
        var others = 0.0
        var total = 0.0
        for row in 0..<count {
            total += Double(examples.weights[row])
            if examples.labelNames[Int(examples.labels[row])] != head.labels[only] {
                others += Double(examples.weights[row])
            }
        }
        return count >= 8 && others > 0.2 * total ? "the head answers '\(head.labels[only])' to everything" : nil
    }
}
