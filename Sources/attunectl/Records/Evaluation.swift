/// How good predictions are, over any number of batches.
///
/// It is computed from all predictions at once: the mean of several batches' figures would be another number.
package struct Evaluation: Encodable, Equatable {
    /// One label's figures.
    package struct LabelReport: Encodable, Equatable {
        package let label: String
        /// How many examples have it.
        package let support: Int
        package let precision: Double
        package let recall: Double
        package let f1: Double
    }

    /// One slice's figures.
    package struct SliceReport: Encodable, Equatable {
        package let slice: String
        package let count: Int
        package let accuracy: Double
    }

    /// One example and its answer.
    package struct Outcome {
        package let label: String
        package let slice: String?
        package let predicted: String
        package let score: Double

        package init(label: String, slice: String?, predicted: String, score: Double) {
            self.label = label
            self.slice = slice
            self.predicted = predicted
            self.score = score
        }
    }

    package let count: Int
    package let correct: Int
    package let accuracy: Double
    /// The plain mean of F1 over the labels that examples or predictions have.
    package let macroF1: Double
    /// The mean distance of score and accuracy over 15 equally wide bins of the score, by their number of examples.
    package let expectedCalibrationError: Double
    package let labels: [LabelReport]
    package let slices: [SliceReport]
    package let revision: Int

    package init(_ outcomes: [Outcome], revision: Int) {
        self.revision = revision
        count = outcomes.count
        correct = outcomes.count { $0.label == $0.predicted }
        accuracy = Self.share(correct, of: count)
        labels = Self.labels(outcomes)
        macroF1 = labels.isEmpty ? 0 : labels.reduce(0) { $0 + $1.f1 } / Double(labels.count)
        expectedCalibrationError = Self.calibrationError(outcomes)
        slices = Dictionary(grouping: outcomes.filter { $0.slice != nil }) { $0.slice ?? "" }
            .map { slice, outcomes in
                let accuracy = Self.share(outcomes.count { $0.label == $0.predicted }, of: outcomes.count)
                return SliceReport(slice: slice, count: outcomes.count, accuracy: accuracy)
            }
            .sorted { $0.slice < $1.slice }
    }

    private static func labels(_ outcomes: [Outcome]) -> [LabelReport] {
        var support: [String: Int] = [:]
        var predicted: [String: Int] = [:]
        var hits: [String: Int] = [:]
        for outcome in outcomes {
            support[outcome.label, default: 0] += 1
            predicted[outcome.predicted, default: 0] += 1
            if outcome.label == outcome.predicted { hits[outcome.label, default: 0] += 1 }
        }
        return Set(support.keys).union(predicted.keys).sorted().map { label in
            let hit = hits[label] ?? 0
            return LabelReport(
                label: label,
                support: support[label] ?? 0,
                precision: share(hit, of: predicted[label] ?? 0),
                recall: share(hit, of: support[label] ?? 0),
                f1: share(2 * hit, of: (predicted[label] ?? 0) + (support[label] ?? 0))
            )
        }
    }

    private static func calibrationError(_ outcomes: [Outcome]) -> Double {
        let bins = 15
        var sums = [(count: Int, score: Double, correct: Int)](repeating: (0, 0, 0), count: bins)
        for outcome in outcomes {
            let score = min(max(outcome.score, 0), 1)
            let bin = min(Int(score * Double(bins)), bins - 1)
            sums[bin].count += 1
            sums[bin].score += score
            sums[bin].correct += outcome.label == outcome.predicted ? 1 : 0
        }
        return share(sums.reduce(0.0) { $0 + abs($1.score - Double($1.correct)) }, of: Double(outcomes.count))
    }

    private static func share(_ part: Int, of whole: Int) -> Double { share(Double(part), of: Double(whole)) }

    private static func share(_ part: Double, of whole: Double) -> Double { whole == 0 ? 0 : part / whole }
}
