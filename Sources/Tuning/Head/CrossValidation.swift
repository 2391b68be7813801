import Tensors

/// Compares settings by what fits say about examples that they have not seen.
///
/// Folds follow from the examples' content: of each class the distinct examples are dealt out in content order, so that
/// every fit sees some of every class that has two, and a text that was taught twice is never on both sides. Classes with
/// one example are trained on but not asked for: nothing is to be learnt from a fit that cannot know them.
struct CrossValidation {
    private let problem: HeadProblem
    private let space: HeadSpace
    private let nameRows: HeadRows
    private let folds: [(training: HeadRows, asked: HeadRows)]
    /// The label of every example that is asked for, fold by fold.
    let labels: [Int32]
    /// Where the fits of the last settings ended, to start the next ones from.
    private var ends: [[Float]]

    /// Examples looked at, at most.
    private static let limit = 3000

    init(_ problem: HeadProblem, _ rows: HeadRows, _ nameRows: HeadRows, _ space: HeadSpace) {
        self.problem = problem
        self.space = space
        self.nameRows = nameRows
        let count = min(rows.count, Self.limit)
        // Content order is the order of digests, so every n-th is as good as drawn at random.
        let looked = (0..<count).map { $0 * rows.count / count }
        let keys = problem.examples.keys
        var dealt = [Int](repeating: 0, count: space.classes)
        var last = [Int](repeating: -1, count: space.classes)
        var hands = [Int](repeating: 0, count: count)
        for (index, row) in looked.enumerated() {
            let label = Int(rows.labels[row])
            let isRepeated = last[label] >= 0 && keys[last[label]] == keys[row]
            if !isRepeated { dealt[label] += 1 }
            last[label] = row
            // Small classes begin at different folds, so that the folds are of one size.
            hands[index] = dealt[label] + label
        }
        let foldCount = count < 1500 ? 5 : 3
        let isAsked = dealt.map { $0 > 1 }
        let width = space.featureCount
        folds = (0..<foldCount).map { fold in
            let inside = looked.indices.filter { hands[$0] % foldCount == fold }.map { looked[$0] }
            let outside = looked.indices.filter { hands[$0] % foldCount != fold }.map { looked[$0] }
            return (
                rows.gathered(outside, featureCount: width),
                rows.gathered(inside.filter { isAsked[Int(rows.labels[$0])] }, featureCount: width)
            )
        }
        labels = folds.flatMap(\.asked.labels)
        ends = folds.map { _ in space.point(of: problem.base) }
    }

    var classes: Int { space.classes }
    /// The weight of every example that is asked for.
    var weights: [Float] { folds.flatMap(\.asked.weights) }

    /// The logits [examples asked for, classes] by fits with `settings`; nil when interrupted.
    mutating func logits(_ settings: HeadSettings, _ isInterrupted: () -> Bool) -> [Float]? {
        var logits: [Float] = []
        let target = space.point(of: problem.base)
        let preconditioner = folds.first.flatMap { problem.preconditioner($0.training, nameRows, settings, space) }
        for (number, fold) in folds.enumerated() where fold.asked.count > 0 {
            let objective = HeadObjective(
                [fold.training, problem.weighted(nameRows, settings)],
                space: space,
                penalty: settings.penalty,
                target: target
            )
            // Comparing settings takes no more than a loose optimum.
            var optimiser = LBFGS(tolerance: 10 * problem.tolerance(fold.training))
            optimiser.iterationLimit = 100
            optimiser.precondition = preconditioner?.apply
            guard
                let outcome = optimiser.minimize(
                    from: ends[number],
                    isInterrupted: isInterrupted,
                    objective.evaluate
                )
            else { return nil }
            ends[number] = outcome.point
            logits += space.logits(fold.asked.features, at: outcome.point)
        }
        return logits
    }
}
