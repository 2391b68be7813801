import Foundation
import Testing
import Transformer
import Tuning

/// A body that was trained on some examples has features of them that are too good to be true.
@Suite struct `The judges of a head's settings` {
    private let world: HeadWorld
    /// Learnt by the body: they lie where their class does.
    private let learnt: [HeadExamples.Example]
    /// Not learnt: most of what they are is noise.
    private let others: [HeadExamples.Example]
    private let fresh: [HeadExamples.Example]

    init() {
        var clear = HeadWorld(classes: 4, featureCount: 40, noise: 0.1, seed: 21)
        learnt = clear.examples(perClass: 40)
        var noisy = HeadWorld(classes: 4, featureCount: 40, noise: 6, seed: 21)
        func renumbered(_ examples: [HeadExamples.Example], from first: Int) -> [HeadExamples.Example] {
            examples.enumerated().map {
                HeadExamples.Example(key: testKey(first + $0), features: $1.features, label: $1.label)
            }
        }
        others = renumbered(noisy.examples(perClass: 20), from: 10_000)
        fresh = noisy.examples(perClass: 250)
        world = noisy
    }

    private func fit(
        _ examples: [HeadExamples.Example], judges: [HeadExamples.Example]?, settings: HeadSettings? = nil
    ) throws -> HeadFit {
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 40, examples), labels: world.labels, names: [:],
            judges: judges.map { Set($0.map(\.key)) })
        return try #require(try problem.fit(parent: nil, settings: settings, isThorough: true))
    }

    private func logLoss(_ head: ClassificationHead) -> Double {
        fresh.reduce(0) { sum, example in
            let index = head.labels.firstIndex(of: example.label) ?? 0
            return sum - Double(log(head.probabilities(example.features.span)[index]))
        } / Double(fresh.count)
    }

    @Test func `alone choose them`() throws {
        let all = try fit(learnt + others, judges: nil)
        let judged = try fit(learnt + others, judges: others)
        let alone = try fit(learnt, judges: nil)
        // What the body has learnt speaks for sureness; those that it has not do not.
        #expect(judged.settings.temperature > 1.3 * all.settings.temperature)
        #expect(judged.settings.temperature > 1.3 * alone.settings.temperature)
        #expect(logLoss(judged.head) < logLoss(all.head) - 0.02)
        #expect(judged.settings.chosenAt == learnt.count + others.count)
        // With all of them as judges it is as without any.
        #expect(try fit(learnt + others, judges: learnt + others).settings == all.settings)
    }

    @Test func `keep what was chosen before where they are too few`() throws {
        var before = HeadSettings(classes: 4, spread: 33)
        before.penalty = 0.7
        before.nameWeight = 0.3
        before.temperature = 1.7
        before.chosenAt = 50
        let few = try fit(learnt + others, judges: Array(others.prefix(47)), settings: before).settings
        var kept = before
        kept.chosenAt = learnt.count + others.count
        #expect(few == kept)
        let enough = try fit(learnt + others, judges: Array(others.prefix(48)), settings: before).settings
        #expect(enough != kept)
        #expect(enough.chosenAt == kept.chosenAt)
    }

    @Test func `are not asked again before it has grown`() throws {
        var before = HeadSettings(classes: 4, spread: 33)
        before.temperature = 1.7
        before.chosenAt = 200
        #expect(try fit(learnt + others, judges: others, settings: before).settings == before)
    }

    @Test func `settings for other features keep all but the spread`() throws {
        var before = HeadSettings(classes: 4, spread: 1)
        before.penalty = 0.3
        before.temperature = 1.9
        before.chosenAt = 77
        let scaled = others.map {
            HeadExamples.Example(key: $0.key, features: $0.features.map { $0 * 3 }, label: $0.label)
        }
        func adapted(_ examples: [HeadExamples.Example]) throws -> HeadSettings {
            try HeadProblem(
                examples: try HeadExamples(featureCount: 40, examples), labels: world.labels, names: [:]
            ).adapted(before)
        }
        let plain = try adapted(others)
        var expected = before
        expected.spread = plain.spread
        #expect(plain == expected)
        // Mean squared distance from the mean: noise 36 a feature and what the classes lie apart; nine times that.
        #expect(abs(plain.spread / (40 * 36.75) - 1) <= 0.1)
        #expect(abs(try adapted(scaled).spread / (9 * plain.spread) - 1) <= 1e-4)
    }
}
