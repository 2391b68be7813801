import Testing
import attunectl

struct `Figures are those of all outcomes together` {
    /// Five labels, one only in the truth and one only in the answers; slices on every third.
    private let outcomes: [Evaluation.Outcome] = {
        let truth = ["a", "a", "a", "b", "b", "c", "c", "c", "c", "d", "a", "b"]
        let answers = ["a", "a", "b", "b", "c", "c", "c", "a", "e", "a", "a", "b"]
        let scores = [0.95, 0.8, 0.55, 0.7, 0.4, 0.9, 0.66, 0.51, 0.3, 0.45, 1.0, 0.6]
        return truth.indices.map {
            Evaluation.Outcome(
                label: truth[$0],
                slice: $0 % 3 == 0 ? "third" : nil,
                predicted: answers[$0],
                score: scores[$0]
            )
        }
    }()

    @Test func `accuracy, macro F1 and labels agree with scikit-learn`() throws {
        // precision_recall_fscore_support(…, zero_division=0) and f1_score(average="macro") on the same lists.
        let evaluation = Evaluation(outcomes, revision: 3)
        #expect(evaluation.count == 12)
        #expect(abs(evaluation.accuracy - 7.0 / 12) < 1e-12)
        #expect(abs(evaluation.macroF1 - 0.3809523810) < 1e-9)
        #expect(evaluation.labels.map(\.label) == ["a", "b", "c", "d", "e"])
        #expect(evaluation.labels.map(\.support) == [4, 3, 4, 1, 0])
        let expected: [(Double, Double, Double)] = [
            (0.6000000000, 0.7500000000, 0.6666666667),
            (0.6666666667, 0.6666666667, 0.6666666667),
            (0.6666666667, 0.5000000000, 0.5714285714),
            (0.0000000000, 0.0000000000, 0.0000000000),
            (0.0000000000, 0.0000000000, 0.0000000000),
        ]
        for (report, values) in zip(evaluation.labels, expected) {
            #expect(abs(report.precision - values.0) < 1e-9)
            #expect(abs(report.recall - values.1) < 1e-9)
            #expect(abs(report.f1 - values.2) < 1e-9)
        }
    }

    @Test func `calibration error agrees with its definition in NumPy`() {
        // 15 bins of equal width: sum over bins of |sum of scores - number right| / 12.
        #expect(abs(Evaluation(outcomes, revision: 3).expectedCalibrationError - 0.3000000000) < 1e-9)
    }

    @Test func `slices are counted apart, and what has none is in none`() {
        let slices = Evaluation(outcomes, revision: 3).slices
        #expect(slices.map(\.slice) == ["third"])
        #expect(slices.map(\.count) == [4])
        #expect(slices.map(\.accuracy) == [0.75])
    }

    @Test func `no outcome is no division by zero`() {
        let evaluation = Evaluation([], revision: 0)
        #expect(evaluation.accuracy == 0 && evaluation.macroF1 == 0 && evaluation.expectedCalibrationError == 0)
    }
}
