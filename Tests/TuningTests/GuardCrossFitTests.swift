import Foundation
import Testing
import Transformer
import Tuning

@Suite struct `Cross-fitted answers` {
    private static let width = 160

    /// Examples whose labels have nothing to do with their features, each `copies` times.
    private func noise(_ count: Int, classes: Int, seed: UInt64, copies: Int = 1) -> [HeadExamples.Example] {
        var random = TestRandom(state: seed)
        return (0..<count).flatMap { number in
            let example = HeadExamples.Example(
                key: testKey(number), features: (0..<Self.width).map { _ in random.normal() },
                label: "label \(Int.random(in: 0..<classes, using: &random))")
            return [HeadExamples.Example](repeating: example, count: copies)
        }
    }

    private func problem(_ examples: [HeadExamples.Example], names: [String: [Float]] = [:]) throws -> HeadProblem {
        HeadProblem(
            examples: try HeadExamples(featureCount: examples[0].features.count, examples),
            labels: Set(examples.map(\.label)).sorted(), names: names)
    }

    /// Settings that let a head learn by heart, and are not chosen again.
    private func settings(_ examples: [HeadExamples.Example]) -> HeadSettings {
        var settings = HeadSettings(classes: Set(examples.map(\.label)).count, spread: Float(Self.width))
        settings.penalty = 0.01
        settings.chosenAt = examples.count
        return settings
    }

    private func answers(
        _ examples: [HeadExamples.Example], smoothing: Double = 0, asking: (ExampleKey) -> Bool = { _ in true }
    ) throws -> CrossFit {
        try #require(
            try CrossFit.answers(
                of: try problem(examples), settings: settings(examples), smoothing: smoothing, asking: asking))
    }

    @Test(arguments: [2, 8], [1, 2])
    func `come from heads that have not seen the example`(classes: Int, copies: Int) throws {
        var right = 0
        var asked = 0
        for seed: UInt64 in 1...4 {
            let examples = noise(150, classes: classes, seed: seed, copies: copies)
            let head = try #require(
                try problem(examples).fit(parent: nil, settings: settings(examples), isThorough: true)
            ).head
            // A head that has seen them knows them all, so that having seen them would show.
            #expect(head.accuracy(examples) == 1)
            let fit = try answers(examples)
            #expect(fit.answers.count == examples.count)
            right += fit.answers.count { $0.isRight }
            asked += fit.answers.count
        }
        // Four standard errors of 600 answers by chance; copies of an example get the same answer.
        let chance = 1 / Double(classes)
        let accuracy = Double(right) / Double(asked)
        #expect(abs(accuracy - chance) <= 4 * (chance * (1 - chance) / 600).squareRoot(), "\(accuracy)")
    }

    @Test func `are right where there is something to know`() throws {
        var world = HeadWorld(classes: 6, featureCount: 20, noise: 0.8, seed: 5)
        let examples = world.examples(perClass: 20)
        let fit = try #require(
            try CrossFit.answers(
                of: try problem(examples), settings: HeadSettings(classes: 6, spread: 20), asking: { _ in true }))
        #expect(fit.side.accuracy >= 0.95)
        #expect(fit.side.logLoss <= 0.4)
        #expect(fit.temperature != nil)
        #expect(fit.answers.map(\.key) == examples.map(\.key).sorted())
        let labels = Dictionary(uniqueKeysWithValues: examples.map { ($0.key, $0.label) })
        #expect(fit.answers.allSatisfy { labels[$0.key] == $0.label })
    }

    @Test func `do not hang on the order in which examples came, nor on what came and went`() throws {
        var world = HeadWorld(classes: 5, featureCount: 16, noise: 2, seed: 6)
        let examples = world.examples(perClass: 14)
        let passing = world.examples(perClass: 3)
        let settings = HeadSettings(classes: 5, spread: 16)
        let expected = try #require(
            try CrossFit.answers(of: try problem(examples), settings: settings, asking: { _ in true }))
        #expect(Set(expected.answers.map(\.isRight)).count == 2, "some must be right, some wrong")
        for seed: UInt64 in 1...3 {
            var random = TestRandom(state: seed)
            var table = HeadExamples(featureCount: 16)
            for example in (examples + passing).shuffled(using: &random) { try table.insert([example]) }
            table.remove(passing.map(\.key).shuffled(using: &random))
            let problem = HeadProblem(examples: table, labels: world.labels, names: [:])
            let fit = try #require(try CrossFit.answers(of: problem, settings: settings, asking: { _ in true }))
            #expect(fit.answers == expected.answers)
            #expect(fit.temperature == expected.temperature)
        }
    }

    @Test func `are given to those who are asked, by heads that have all others in every fold`() throws {
        // Each example has a twin with nearly the same features and the same label, which chance gave: who has the twin
        // knows the answer, who has not guesses.
        var random = TestRandom(state: 7)
        let asked = noise(100, classes: 4, seed: 7)
        let twins = asked.enumerated().map { number, example in
            HeadExamples.Example(
                key: testKey(5000 + number), features: example.features.map { $0 + 0.05 * random.normal() },
                label: example.label)
        }
        let keys = Set(asked.map(\.key))
        let fit = try answers(asked + twins, asking: { keys.contains($0) })
        #expect(fit.answers.map(\.key) == keys.sorted())
        #expect(fit.side.accuracy == 1)
        // Without the twins it is chance.
        #expect(try answers(asked).side.accuracy <= 0.45)
    }

    @Test func `leave out what no head could know`() throws {
        // The only example of its class is not asked for, but one is whose class the others have taught.
        var world = HeadWorld(classes: 4, featureCount: 12, noise: 0.3, seed: 8)
        var examples = world.examples(perClass: 6).filter { $0.label != "label 3" }
        let single = world.example(3)
        examples.append(single)
        let all = try #require(
            try CrossFit.answers(
                of: try problem(examples), settings: HeadSettings(classes: 4, spread: 12), asking: { _ in true }))
        #expect(all.answers.count == 18)
        #expect(!all.answers.contains { $0.key == single.key })
        let second = world.example(3)
        let only = try #require(
            try CrossFit.answers(
                of: try problem(examples + [second]), settings: HeadSettings(classes: 4, spread: 12),
                asking: { $0 == single.key }))
        #expect(only.answers.map(\.key) == [single.key])
        #expect(only.answers.first?.isRight == true)
    }

    @Test func `are none where nobody is asked, and where the fit is interrupted`() throws {
        let examples = noise(60, classes: 2, seed: 9)
        let problem = try problem(examples)
        let none = try CrossFit.answers(of: problem, settings: settings(examples), asking: { _ in false })
        #expect(none?.answers.isEmpty == true)
        #expect(none?.temperature == nil)
        // At once, and in the middle of a later fold.
        for calls in [0, 5, 30] {
            var left = calls
            let fit = try CrossFit.answers(of: problem, settings: settings(examples), asking: { _ in true }) {
                left -= 1
                return left < 0
            }
            #expect(fit == nil)
            #expect(left < 0)
        }
    }

    @Test func `name a label that the problem does not have`() throws {
        let table = try HeadExamples(featureCount: Self.width, noise(20, classes: 2, seed: 10))
        let problem = HeadProblem(examples: table, labels: ["label 0"], names: [:])
        #expect(throws: TuningError.self) {
            try CrossFit.answers(of: problem, settings: HeadSettings(), asking: { _ in true })
        }
    }

    @Test func `are mixed with even odds as far as asked`() throws {
        let examples = noise(80, classes: 4, seed: 11)
        let plain = try answers(examples).answers
        let smooth = try answers(examples, smoothing: 0.1).answers
        for (a, b) in zip(plain, smooth) {
            let expected = -log(0.9 * exp(-a.logLoss) + 0.1 / 4)
            #expect(abs(b.logLoss - expected) <= 1e-9)
            #expect(b.predicted == a.predicted)
            #expect(b.logLoss <= log(40) + 1e-9)
        }
    }
}
