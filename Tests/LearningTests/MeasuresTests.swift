import Foundation
import Learning
import Storage
import Testing
import Tuning

@Suite struct `Measures of continual learning` {
    /// Holds back `sizes[i]` corrections in experience i, numbered on.
    private struct World {
        let held: [[Correction]]

        init(_ sizes: [Int]) {
            var next: Int64 = 0
            held = sizes.map { size in
                (0..<size).map { _ in
                    next += 1
                    return correction(next, "text \(next)")
                }
            }
        }

        /// What a body answers, of which so many of each experience are right.
        func answers(_ right: [Int]) -> CrossFit {
            CrossFit(
                answers: zip(held, right).flatMap { corrections, right in
                    corrections.enumerated().map { index, correction in
                        let words = correction.digest.words
                        return CrossFit.Answer(
                            key: ExampleKey(words.a, words.b, words.c, words.d), label: "yes",
                            predicted: index < right ? "yes" : "no", logLoss: 0.5)
                    }
                })
        }

        /// The measures after bursts that answered `right[burst][experience]` rightly.
        func measures(_ right: [[Int]]) -> Measures {
            var measures = Measures()
            for (burst, row) in right.enumerated() {
                measures.take(answers(row), of: Array(held.prefix(row.count).joined()), burst: burst + 1)
            }
            return measures
        }
    }

    private func expectClose(_ value: Double?, _ expected: Double, _ location: SourceLocation = #_sourceLocation) {
        #expect(abs((value ?? .nan) - expected) <= 1e-12, "\(String(describing: value))", sourceLocation: location)
    }

    /// Accuracies [burst][experience] of three bursts: ¾; ½, 1; 1, ½, ¾.
    private static let matrix = [[3], [2, 4], [4, 2, 3]]

    @Test func `are those of a matrix worked out by hand`() {
        let world = World([4, 4, 4])
        let measures = world.measures(Self.matrix)
        // ((1 − ¾) + (½ − 1)) / 2
        expectClose(measures.backwardTransfer, -0.125)
        // (max(¾, ½, 1) − 1 + max(1, ½) − ½) / 2
        expectClose(measures.forgetting, 0.25)
        #expect(measures.experiences.map(\.burst) == [1, 2, 3])
        #expect(measures.experiences.map(\.accuracy) == [[0.75, 0.5, 1], [1, 0.5], [0.75]])
        #expect(measures.experiences.map(\.holdout.description) == ["1-4", "5-8", "9-12"])
        #expect(measures.holdoutCount == 12)
        expectClose(measures.holdout?.accuracy, 0.75)
        expectClose(measures.holdout?.logLoss, 0.5)
    }

    @Test func `do not exist before the second burst`() {
        #expect(Measures().backwardTransfer == nil && Measures().forgetting == nil)
        let one = World([4]).measures([[3]])
        #expect(one.backwardTransfer == nil && one.forgetting == nil)
    }

    /// As `backward_transfer` and `forgetting` in mammoth's utils/metrics.py: what row i of `results` has beyond its own
    /// experience counts as 0 there.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func `are defined as in mammoth`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let tasks = Int.random(in: 2...7, using: &random)
        let right = (0..<tasks).map { burst in (0...burst).map { _ in Int.random(in: 0...8, using: &random) } }
        let results = right.map { row in
            row.map { Double($0) / 8 } + [Double](repeating: 0, count: tasks - row.count)
        }
        let last = results[tasks - 1]
        let transfers = (0..<tasks - 1).map { last[$0] - results[$0][$0] }
        let losses = (0..<tasks - 1).map { task in (results.map { $0[task] }.max() ?? 0) - last[task] }
        let measures = World([Int](repeating: 8, count: tasks)).measures(right)
        expectClose(measures.backwardTransfer, transfers.reduce(0, +) / Double(tasks - 1))
        expectClose(measures.forgetting, losses.reduce(0, +) / Double(tasks - 1))
    }

    @Test func `go on with what is left of an experience`() {
        let world = World([4, 4])
        var measures = world.measures([[4]])
        // Two of the first four were taken back; of the rest one is right.
        let answers = world.answers([1, 2])
        let gone = Set(world.answers([4]).answers.prefix(1).map(\.key) + world.answers([4]).answers[2...2].map(\.key))
        measures.take(
            CrossFit(answers: answers.answers.filter { !gone.contains($0.key) }),
            of: world.held[0] + world.held[1], burst: 2)
        #expect(measures.experiences.map(\.accuracy) == [[1, 0], [0.5]])
        // Nothing is left of it: it stays as it was.
        measures.take(world.answers([0, 0]), of: world.held[1], burst: 3)
        #expect(measures.experiences[0].accuracy == [1, 0, 0])
        measures.take(CrossFit(answers: []), of: [], burst: 4)
        #expect(measures.experiences.map(\.accuracy) == [[1, 0, 0, 0], [0.5, 0, 0]])
        #expect(measures.holdout == nil && measures.holdoutCount == 0)
        #expect(measures.experiences.count == 2, "without anything new that was held back there is no experience")
    }

    @Test func `make one of the oldest two experiences when there are many`() {
        // Three in the first experience, one in each of the others; 33 are one too many.
        let count = 33
        let world = World([3] + [Int](repeating: 1, count: count - 1))
        let right = (0..<count).map { burst in
            // The first body has all three, later ones two; experience 1 is right for ten bursts.
            (0...burst).map { $0 == 0 ? (burst == 0 ? 3 : 2) : $0 == 1 ? (burst <= 10 ? 1 : 0) : 1 }
        }
        let before = world.measures(Array(right.prefix(32)))
        #expect(before.experiences.count == 32)
        let measures = world.measures(right)
        #expect(measures.experiences.count == 32)
        let oldest = measures.experiences[0]
        #expect(oldest.holdout.description == "1-4")
        #expect(oldest.burst == 2)
        // From the second burst on: (2 + 1) / 4 for ten bursts, then 2 / 4.
        #expect(oldest.accuracy.count == 32)
        for (index, accuracy) in oldest.accuracy.enumerated() { expectClose(accuracy, index < 10 ? 0.75 : 0.5) }
        #expect(measures.experiences[1].accuracy.count == 31)
        expectClose(measures.backwardTransfer, -0.25 / 31)
        expectClose(measures.forgetting, 0.25 / 31)
        // On and on: it never grows.
        var more = measures
        for burst in 34..<60 {
            more.take(world.answers([2, 0]), of: world.held[0] + [correction(Int64(burst) + 100, "x")], burst: burst)
        }
        #expect(more.experiences.count == 32)
    }

    @Test func `forget bodies, not predictions`() {
        var measures = World([4, 4]).measures([[1], [2, 3]])
        measures.prequential.score(5, isRight: true)
        let prequential = measures.prequential
        measures.forgetBodies()
        var expected = Measures()
        expected.prequential = prequential
        #expect(measures == expected)
    }

    @Test func `survive being written`() throws {
        var measures = World([4, 4, 4]).measures(Self.matrix)
        for number in 1...10 { measures.prequential.score(Int64(number), isRight: number % 3 == 0) }
        let json = try JSONValue(encoding: measures)
        #expect(try json.decode(as: Measures.self) == measures)
        #expect(try JSONValue(encoding: Measures()).decode(as: Measures.self) == Measures())
    }

    @Test func `count predictions as they come`() {
        var measures = Measures.Prequential()
        #expect(measures.accuracy == nil)
        let outcomes = (1...200).map { $0 % 4 != 0 && $0 > 20 }
        var weighted = 0.0
        for (index, isRight) in outcomes.enumerated() {
            measures.score(Int64(10 * (index + 1)), isRight: isRight)
            // The plain mean of up to fifty, then each counts 2 % less than the next.
            weighted =
                index < 50
                ? Double(outcomes[0...index].count { $0 }) / Double(index + 1)
                : 0.98 * weighted + (isRight ? 0.02 : 0)
            #expect(abs(measures.recent - weighted) <= 1e-12)
        }
        #expect(measures.count == 200)
        #expect(measures.right == 135)
        #expect(measures.accuracy == 0.675)
        #expect(measures.upTo == 2000)
        // Out of order, as when a correction was released: what has been scored stays scored.
        measures.score(15, isRight: false)
        #expect(measures.upTo == 2000)
        #expect(measures.count == 201)
    }
}
