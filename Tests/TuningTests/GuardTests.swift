import Foundation
import Testing
import Tuning

@Suite struct `The guard` {
    @Test(arguments: [24, 99, 100, 1000], [0.0, -0.05, -1])
    func `lets an equal and a better body pass`(count: Int, change: Double) {
        let report = GuardCase(.around(change, by: 0.05, count: count)).judge()
        #expect(report.isAccepted)
        #expect(report.reason == nil)
        #expect(report.examples == count)
    }

    @Test(arguments: [24, 99, 100, 1000]) func `refuses one that is clearly worse`(count: Int) throws {
        let report = GuardCase(.around(0.25, by: 0.3, count: count)).judge()
        #expect(!report.isAccepted)
        let reason = try #require(report.reason)
        #expect(reason.contains("\(count) held-back corrections changes by 0.25"), "\(reason)")
    }

    @Test func `refuses one that may be worse, because too little is known`() {
        // In the mean it is better; that says little when it varies by ±10 from one example to the next.
        let report = GuardCase(.around(-0.1, by: 10, count: 400)).judge()
        #expect((report.change ?? 0) < 0)
        #expect(!report.isAccepted)
    }

    @Test func `has the figures that a hand has`() throws {
        // Half change by 0.3, half by −0.1. The standard error is √(100 · 0.2² / 99 / 100), Student's quantile of 0.84
        // with 99 degrees of freedom 0.9994777648 (scipy).
        var made = GuardCase(.around(0.1, by: 0.2, count: 100))
        made.isServingRight = (0..<100).map { $0 < 70 }
        made.isCandidateRight = (0..<100).map { $0 < 85 }
        var settings = GuardSettings()
        settings.margin = 0.12
        let report = made.judge(settings)
        let bound = 0.1 + 0.9994777648 * 0.2 / 99.0.squareRoot()
        #expect(abs(try #require(report.change) - 0.1) <= 1e-12)
        #expect(abs(try #require(report.upperBound) - bound) <= 1e-7)
        #expect(!report.isAccepted)
        #expect(report.serving?.accuracy == 0.7)
        #expect(report.candidate?.accuracy == 0.85)
        #expect(abs(try #require(report.serving?.logLoss) - 1) <= 1e-12)
        #expect(abs(try #require(report.candidate?.logLoss) - 1.1) <= 1e-12)
        #expect(report.settings == settings)
        // The margin is inclusive of everything below it, to the last digits.
        settings.margin = bound + 1e-6
        #expect(made.judge(settings).isAccepted)
        settings.margin = bound - 1e-6
        #expect(!made.judge(settings).isAccepted)
    }

    @Test func `allows twice the margin where few judge`() {
        for (change, few, enough) in [(0.049, true, true), (0.051, true, false), (0.099, true, false)] {
            #expect(GuardCase(.around(change, by: 0, count: 99)).judge().isAccepted == few)
            #expect(GuardCase(.around(change, by: 0, count: 100)).judge().isAccepted == enough)
        }
        #expect(!GuardCase(.around(0.101, by: 0, count: 99)).judge().isAccepted)
    }

    @Test(arguments: [0, 1, 23]) func `lets nothing pass that too few can judge`(count: Int) throws {
        let report = GuardCase(.around(-1, by: 0.1, count: count)).judge()
        #expect(!report.isAccepted)
        #expect(report.reason == "\(count) corrections were held back; 24 are needed to judge by")
        #expect(report.examples == count)
        _ = try JSONEncoder().encode(report)
    }

    /// What makes up the group that is judged apart.
    enum Kind: String, CaseIterable {
        case label, slice
    }

    /// 200 examples, better by 0.5 but for the first `count`, which are a group of their own and worse by 1.
    private func uneven(_ kind: Kind, _ count: Int) -> GuardCase {
        let changes = [Double].around(1, by: 0.2, count: count) + .around(-0.5, by: 0.2, count: 200 - count)
        var made = GuardCase(changes)
        for index in 0..<count {
            switch kind {
            case .label: made.labels[index] = "hard"
            case .slice: made.slices[testKey(index)] = "hard"
            }
        }
        return made
    }

    @Test(arguments: Kind.allCases, [30, 40])
    func `refuses one that is better but for one group`(kind: Kind, count: Int) throws {
        let report = uneven(kind, count).judge()
        #expect((report.change ?? 0) < -0.1)
        #expect(!report.isAccepted)
        let reason = try #require(report.reason)
        #expect(reason.contains("\(kind.rawValue) 'hard' is worse by 1.0 on its \(count) held-back"), "\(reason)")
        #expect(report.groups.map(\.name) == ["hard"])
        #expect(report.groups.first?.kind == kind.rawValue)
        #expect(report.groups.first?.examples == count)
    }

    @Test(arguments: Kind.allCases, [1, 20, 29])
    func `does not judge groups that are too small`(kind: Kind, count: Int) {
        let report = uneven(kind, count).judge()
        #expect(report.isAccepted)
        #expect(report.groups.isEmpty)
    }

    @Test func `names the group that is worst for sure`() throws {
        var made = GuardCase(
            .around(1, by: 0.2, count: 40) + .around(2, by: 0.2, count: 40) + .around(-1, by: 0.2, count: 400))
        for index in 0..<80 { made.slices[testKey(index)] = index < 40 ? "bad" : "worse" }
        #expect(try #require(made.judge().reason).contains("slice 'worse'"))
    }

    @Test func `asks more of each group the more there are`() throws {
        // 30 of mean 0.22 and a standard error of 0.1: for sure worse than the margin of 0.05 when judged alone, not
        // when it is one of ten. Student's quantiles with 29 degrees of freedom (scipy): of 1 − 0.16 1.011803501, of
        // 1 − 0.16 / 10 2.252926.
        let deviation = 0.1 * 29.0.squareRoot()
        let worse = [Double].around(0.22, by: deviation, count: 30)
        var made = GuardCase(worse + .around(-0.2, by: 0.1, count: 270))
        for index in 0..<30 { made.slices[testKey(index)] = "first" }
        let alone = made.judge()
        #expect(!alone.isAccepted)
        #expect(abs(try #require(alone.groups.first?.lowerBound) - (0.22 - 0.1 * 1.011803501)) <= 1e-6)
        for index in 30..<300 { made.slices[testKey(index)] = "slice \(index / 30)" }
        let report = made.judge()
        #expect(report.isAccepted)
        #expect(report.groups.count == 10)
        let lower = try #require(report.groups.first { $0.name == "first" }?.lowerBound)
        #expect(abs(lower - (0.22 - 0.1 * 2.252926)) <= 1e-4)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `refuses answers that are no numbers`(value: Double) throws {
        var made = GuardCase(.around(-1, by: 0.1, count: 120))
        made.labels[77] = "odd"
        made.candidate[77] = value
        let report = made.judge()
        #expect(!report.isAccepted)
        #expect(report.reason == "the candidate's answer for 'odd' is not a finite number")
        #expect(report.candidate == nil)
        // What is reported is kept as JSON, which has no such numbers.
        _ = try JSONEncoder().encode(report)
    }

    @Test func `cannot compare with what is no number, and says so`() throws {
        var made = GuardCase(.around(-1, by: 0.1, count: 120))
        made.serving[5] = .nan
        let report = made.judge()
        #expect(!report.isAccepted)
        #expect(try #require(report.reason).contains("an unknown amount"))
        #expect(report.serving == nil)
        _ = try JSONEncoder().encode(report)
    }

    @Test func `refuses one answer to everything`() {
        var made = GuardCase(.around(-1, by: 0.1, count: 120))
        made.isCandidateRight = made.isCandidateRight.map { _ in false }
        let report = made.judge()
        #expect(!report.isAccepted)
        #expect(report.reason == "the candidate answers 'wrong' to everything")
        // Where what serves is no better it is no reason, nor where there is but one label.
        made.isServingRight = made.isServingRight.map { _ in false }
        #expect(made.judge().isAccepted)
        var one = GuardCase(.around(-1, by: 0.1, count: 120))
        one.labels = one.labels.map { _ in "only" }
        #expect(one.judge().isAccepted)
    }

    @Test func `compares what both have answered, whatever the order`() throws {
        let made = GuardCase(.around(-0.2, by: 0.1, count: 120))
        let others = (1000..<1500).map {
            CrossFit.Answer(key: testKey($0), label: "other", predicted: "none", logLoss: 40)
        }
        let plain = made.judge()
        let mixed = Guard.judge(
            serving: made.servingFit, candidate: CrossFit(answers: (others + made.candidateFit.answers).reversed()),
            settings: GuardSettings())
        #expect(mixed == plain)
        // The other way round, with answers that only what serves has; half of the common ones are left.
        let half = CrossFit(answers: Array(made.candidateFit.answers.prefix(60)))
        let fewer = Guard.judge(
            serving: CrossFit(answers: others + made.servingFit.answers), candidate: half, settings: GuardSettings())
        #expect(fewer.examples == 60)
        #expect(fewer.isAccepted)
        #expect(abs(try #require(fewer.serving?.logLoss) - 1) <= 1e-12)
    }

    @Test func `is a value that survives being written`() throws {
        var made = GuardCase(.around(-0.2, by: 0.1, count: 120))
        for index in 0..<60 { made.slices[testKey(index)] = index < 30 ? "a" : "b" }
        let report = made.judge()
        #expect(report.groups.count == 2)
        #expect(try JSONDecoder().decode(GuardReport.self, from: JSONEncoder().encode(report)) == report)
    }
}
