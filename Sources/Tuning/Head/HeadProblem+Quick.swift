import Tensors
import Transformer

extension HeadProblem {
    /// Multiply-adds of one evaluation past which a quick fit works on a part of the examples.
    private static let quickWork = 1 << 26
    /// Multiply-adds of all evaluations of a quick fit together.
    private static let quickBudget = 3 << 30
    private static let quickIterations = 12
    /// New examples at most, with which similarity is measured.
    private static let quickProbes = 16

    /// Whether correcting the parent is much less work than solving anew, and comes to nearly the same.
    func isQuickWorthwhile(new: Int, lost: Int) -> Bool {
        let work = Double(examples.count) * Double(labels.count) * Double(examples.featureCount)
        guard work > Double(Self.quickWork), new * 8 < examples.count else { return false }
        // A text that was given another label is new as well, and what it was before one of thousands.
        return lost <= new && lost * 100 < examples.count
    }

    /// Corrects `parent`, an optimum of the examples that are not new, for those that are.
    ///
    /// At the optimum the old examples' gradient and the penalty's cancel out, so only its change matters, and that is
    /// measured on a part of them: the part's gradient minus its gradient at the parent (a control variate). The part is
    /// those that a step for the new examples affects most, and a sample that stands for the rest.
    func correct(
        _ parent: ClassificationHead, _ rows: HeadRows, _ nameRows: HeadRows, _ settings: HeadSettings,
        _ space: HeadSpace, new: Set<ExampleKey>
    ) -> LBFGS.Outcome {
        let width = examples.featureCount
        let isNew = examples.keys.map(new.contains)
        let fresh = isNew.indices.filter { isNew[$0] }
        let perRow = 2 * Self.quickIterations * labels.count * width
        let room = max(64, min(Self.quickBudget / perRow, 8192))
        let added = rows.gathered(fresh, featureCount: width)
        let near = nearest(to: added, rows, isNew, limit: room / 4)
        var isTaken = isNew
        for row in near { isTaken[row] = true }
        let rest = isTaken.indices.filter { !isTaken[$0] }
        // Content order is the order of digests: every n-th is as good as drawn at random, and always the same.
        let size = min(rest.count, room - near.count)
        let sample = (0..<size).map { rest[$0 * rest.count / size] }
        let part = rows.gathered(near, featureCount: width).followed(
            by: rows.gathered(
                sample,
                featureCount: width,
                factor: size == 0 ? 1 : Float(rest.count) / Float(size)
            ))

        let known = Set(parent.labels)
        let names = weighted(nameRows, settings)
        let isKnown = names.labels.map { known.contains(labels[Int($0)]) }
        let oldNames = names.gathered(isKnown.indices.filter { isKnown[$0] }, featureCount: width)
        let newNames = names.gathered(isKnown.indices.filter { !isKnown[$0] }, featureCount: width)

        let start = space.point(of: parent)
        // To the parent, classes that it does not have do not exist.
        var before = start
        for (row, label) in labels.enumerated() where !known.contains(label) {
            before[row * space.width + width] = -1000
        }
        var calm = [Float](repeating: 0, count: start.count)
        HeadObjective([part, oldNames], space: space, penalty: settings.penalty, target: start)
            .lossGradient(before, &calm)
        let objective = HeadObjective(
            [added, newNames, part, oldNames],
            space: space,
            penalty: settings.penalty,
            target: start
        )
        objective.linear = calm
        var optimiser = LBFGS(tolerance: tolerance(added))
        optimiser.precondition = preconditioner(rows, nameRows, settings, space)?.apply
        optimiser.iterationLimit = Self.quickIterations
        optimiser.evaluationLimit = Self.quickIterations + 4
        guard let outcome = optimiser.minimize(from: start, isInterrupted: { false }, objective.evaluate) else {
            preconditionFailure("what is never interrupted ends")
        }
        return outcome
    }

    /// The old rows on which a step along one of `added` changes the logits most, in content order.
    private func nearest(to added: HeadRows, _ rows: HeadRows, _ isNew: [Bool], limit: Int) -> [Int] {
        let width = examples.featureCount
        let probes = min(added.count, Self.quickProbes)
        if probes == 0 || limit == 0 { return [] }
        let chosen = added.gathered((0..<probes).map { $0 * added.count / probes }, featureCount: width)
        var products = [Float](repeating: 0, count: rows.count * probes)
        MatrixView.with(&products, columns: probes) { products in
            ConstantMatrix.with(rows.features, columns: width) { features in
                ConstantMatrix.with(chosen.features, columns: width) { probes in
                    LinearAlgebra.multiply(features, probes, transposeB: true, into: products)
                }
            }
        }
        var scores = [Float](repeating: 0, count: rows.count)
        for row in 0..<rows.count where !isNew[row] {
            for probe in 0..<probes { scores[row] = max(scores[row], products[row * probes + probe]) }
        }
        let old = scores.indices.filter { !isNew[$0] }
        if old.count <= limit { return old }
        let threshold = old.map { scores[$0] }.sorted(by: >)[limit]
        return Array(old.filter { scores[$0] > threshold }.prefix(limit))
    }
}
