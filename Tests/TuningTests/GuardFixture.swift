import Testing
import Tuning

/// Answers of two bodies on the same examples, made up.
struct GuardCase {
    var labels: [String]
    var serving: [Double]
    var candidate: [Double]
    var isServingRight: [Bool]
    var isCandidateRight: [Bool]
    var slices: [ExampleKey: String] = [:]

    /// `changes` are by how much the log-loss of each example changes from 1.
    ///
    /// Labels come in threes, so that none is judged apart, and all answers are right.
    init(_ changes: [Double]) {
        labels = changes.indices.map { "label \($0 / 3)" }
        serving = changes.map { _ in 1 }
        candidate = changes.map { 1 + $0 }
        isServingRight = changes.map { _ in true }
        isCandidateRight = isServingRight
    }

    private func fit(_ losses: [Double], _ isRight: [Bool]) -> CrossFit {
        CrossFit(
            answers: losses.indices.map {
                CrossFit.Answer(
                    key: testKey($0), label: labels[$0], predicted: isRight[$0] ? labels[$0] : "wrong",
                    logLoss: losses[$0])
            })
    }

    var servingFit: CrossFit { fit(serving, isServingRight) }
    var candidateFit: CrossFit { fit(candidate, isCandidateRight) }

    func judge(_ settings: GuardSettings = GuardSettings()) -> GuardReport {
        Guard.judge(serving: servingFit, candidate: candidateFit, slices: slices, settings: settings)
    }
}

extension [Double] {
    /// So many numbers, by turns `deviation` above and below `mean`.
    static func around(_ mean: Double, by deviation: Double, count: Int) -> [Double] {
        (0..<count).map { mean + ($0 % 2 == 0 ? deviation : -deviation) }
    }
}
