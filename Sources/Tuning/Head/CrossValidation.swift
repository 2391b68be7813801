import Tensors

/// What fits say about examples that they have not seen: to compare settings, bodies, and who taught what.
///
/// Folds follow from the examples' content: of each class the distinct examples are dealt out in content order, so that
/// every fit sees some of every class that has two, and a text that was taught twice is never on both sides. Classes with
/// one example are trained on but not asked for: nothing is to be learnt from a fit that cannot know them. Examples that
/// are not to be asked for are trained on in every fold.
struct CrossValidation {
    private let problem: HeadProblem
    private let space: HeadSpace
    private let nameRows: HeadRows
    private let folds: [(training: HeadRows, asked: HeadRows)]
    /// The row of every example that is asked for, fold by fold.
    let askedRows: [Int]
    /// The label of every example that is asked for, fold by fold.
    let labels: [Int32]
    /// Where the fits of the last settings ended, to start the next ones from.
    private var ends: [[Float]]

    /// Examples that are asked for, and others, at most.
    static let limit = 3000

    /// Deals out those of `rows` whose keys `isAsked` picks; the others are trained on in every fold.
    init(
        _ problem: HeadProblem, _ rows: HeadRows, _ nameRows: HeadRows, _ space: HeadSpace,
        asking isAsked: (ExampleKey) -> Bool = { _ in true }
    ) {
        self.problem = problem
        self.space = space
        self.nameRows = nameRows
        let keys = problem.examples.keys
        let picked = Self.thinned((0..<rows.count).filter { isAsked(keys[$0]) })
        let others = Self.thinned((0..<rows.count).filter { !isAsked(keys[$0]) })
        var seen = [Int](repeating: 0, count: space.classes)
        var last = [Int](repeating: -1, count: space.classes)
        /// How many distinct examples of its class there are up to a row of `rows`, in their order.
        func count(_ row: Int) -> Int {
            let label = Int(rows.labels[row])
            if last[label] < 0 || keys[last[label]] != keys[row] { seen[label] += 1 }
            last[label] = row
            return seen[label]
        }
        // Small classes begin at different folds, so that the folds are of one size.
        let hands = picked.map { count($0) + Int(rows.labels[$0]) }
        for row in others { _ = count(row) }
        let foldCount = picked.count < 1500 ? 5 : 3
        let width = space.featureCount
        let dealt = (0..<foldCount).map { fold in
            let inside = picked.indices.filter { hands[$0] % foldCount == fold }.map { picked[$0] }
            let outside = picked.indices.filter { hands[$0] % foldCount != fold }.map { picked[$0] }
            let training = others.isEmpty ? outside : (outside + others).sorted()
            return (training: training, asked: inside.filter { seen[Int(rows.labels[$0])] > 1 })
        }
        folds = dealt.map {
            (rows.gathered($0.training, featureCount: width), rows.gathered($0.asked, featureCount: width))
        }
        askedRows = dealt.flatMap(\.asked)
        labels = askedRows.map { rows.labels[$0] }
        ends = folds.map { _ in space.point(of: problem.base) }
    }

    /// At most `limit` of `rows`: content order is the order of digests, so every n-th is as good as drawn at random.
    static func thinned<Row>(_ rows: [Row]) -> [Row] {
        let count = min(rows.count, limit)
        return (0..<count).map { rows[$0 * rows.count / count] }
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
