/// How well predictions agree with the truth.
package struct Evaluation: Sendable, Equatable {
    /// One example: its true label, and what was answered with which probability.
    package struct Outcome: Sendable {
        let label: String
        let predicted: String
        let score: Float
        let slice: String?

        package init(label: String, predicted: String, score: Float, slice: String? = nil) {
            self.label = label
            self.predicted = predicted
            self.score = score
            self.slice = slice
        }
    }

    package struct Label: Sendable, Equatable {
        package let label: String
        /// Examples that have the label.
        package let support: Int
        package let precision: Double
        package let recall: Double
        package let f1: Double
    }

    package struct Slice: Sendable, Equatable {
        package let slice: String
        package let count: Int
        package let accuracy: Double
    }

    package let count: Int
    package let accuracy: Double
    /// The mean F1 over the labels that occur, as truth or as answer.
    package let macroF1: Double
    /// Mean distance of confidence and accuracy over 15 bins of equal width, weighted by their examples.
    package let expectedCalibrationError: Double
    /// By label, in the order of their names.
    package let labels: [Label]
    /// By slice, in the order of their names.
    package let slices: [Slice]

    package init(_ outcomes: [Outcome]) {
        count = outcomes.count
        let right = outcomes.count { $0.label == $0.predicted }
        accuracy = Self.ratio(right, outcomes.count)
        var support: [String: Int] = [:]
        var answered: [String: Int] = [:]
        var hits: [String: Int] = [:]
        for outcome in outcomes {
            support[outcome.label, default: 0] += 1
            answered[outcome.predicted, default: 0] += 1
            if outcome.label == outcome.predicted { hits[outcome.label, default: 0] += 1 }
        }
        labels = Set(support.keys).union(answered.keys).sorted().map { label in
            let hit = hits[label] ?? 0
            let given = support[label] ?? 0
            let guessed = answered[label] ?? 0
            return Label(
                label: label, support: given, precision: Self.ratio(hit, guessed), recall: Self.ratio(hit, given),
                f1: Self.ratio(2 * hit, given + guessed))
        }
        macroF1 = labels.isEmpty ? 0 : labels.reduce(0) { $0 + $1.f1 } / Double(labels.count)
        slices = Dictionary(grouping: outcomes.filter { $0.slice != nil }, by: { $0.slice ?? "" })
            .sorted { $0.key < $1.key }
            .map { slice, members in
                let right = members.count { $0.label == $0.predicted }
                return Slice(slice: slice, count: members.count, accuracy: Self.ratio(right, members.count))
            }
        expectedCalibrationError = Self.calibrationError(outcomes)
    }

    private static func calibrationError(_ outcomes: [Outcome]) -> Double {
        if outcomes.isEmpty { return 0 }
        let bins = 15
        var confidence = [Double](repeating: 0, count: bins)
        var right = [Double](repeating: 0, count: bins)
        for outcome in outcomes where outcome.score.isFinite {
            // Bins are (lower, upper], as usual; 0 is in the first.
            let bin = min(max(Int((Double(outcome.score) * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
            confidence[bin] += Double(outcome.score)
            right[bin] += outcome.label == outcome.predicted ? 1 : 0
        }
        return zip(confidence, right).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(outcomes.count)
    }

    private static func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
