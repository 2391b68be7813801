import Testing
import Tuning

@Suite struct `An evaluation` {
    @Test func `has scikit-learn's metrics`() throws {
        let expected = try HeadFixture.load().evaluation
        let report = Evaluation(
            expected.truth.indices.map {
                Evaluation.Outcome(
                    label: expected.truth[$0],
                    predicted: expected.answers[$0],
                    score: expected.scores[$0]
                )
            })
        // Sums of a few hundred doubles.
        #expect(abs(report.accuracy - expected.accuracy) <= 1e-12)
        #expect(abs(report.macroF1 - expected.macroF1) <= 1e-12)
        #expect(abs(report.expectedCalibrationError - expected.error) <= 1e-9)
        #expect(report.labels.map(\.label) == expected.labels)
        #expect(report.labels.map(\.support) == expected.support)
        for (index, label) in report.labels.enumerated() {
            #expect(abs(label.precision - expected.precision[index]) <= 1e-12)
            #expect(abs(label.recall - expected.recall[index]) <= 1e-12)
            #expect(abs(label.f1 - expected.f1[index]) <= 1e-12)
        }
    }

    @Test func `counts slices, and those without one not`() {
        let outcome = { (truth: String, slice: String?) in
            Evaluation.Outcome(label: truth, predicted: "a", score: 0.9, slice: slice)
        }
        let report = Evaluation([outcome("a", "y"), outcome("b", "y"), outcome("a", "x"), outcome("b", nil)])
        #expect(report.slices.map(\.slice) == ["x", "y"])
        #expect(report.slices.map(\.count) == [1, 2])
        #expect(report.slices.map(\.accuracy) == [1, 0.5])
        #expect(report.accuracy == 0.5)
    }

    @Test func `of nothing is zero`() {
        let report = Evaluation([])
        #expect(report.count == 0 && report.accuracy == 0 && report.macroF1 == 0)
        #expect(report.expectedCalibrationError == 0 && report.labels.isEmpty && report.slices.isEmpty)
    }
}
