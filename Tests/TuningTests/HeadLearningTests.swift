import Foundation
import Testing
import Transformer
import Tuning

@Suite struct `What a head learns` {
    private func fit(
        _ examples: [HeadExamples.Example],
        _ world: HeadWorld,
        labels: [String]? = nil,
        names: [String: [Float]]? = nil,
        parent: ClassificationHead? = nil,
        settings: HeadSettings? = nil
    ) throws -> HeadFit {
        let size = world.names[world.labels[0]]?.count ?? 1
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: size, examples),
            labels: labels ?? world.labels,
            names: names ?? world.names
        )
        return try #require(try problem.fit(parent: parent, settings: settings, isThorough: true))
    }

    @Test(arguments: [Float(0.01), 1, 100]) func `names alone answer like the nearest name`(size: Float) throws {
        var world = HeadWorld(classes: 9, featureCount: 20, noise: 1.5, seed: 1)
        let names = world.names.mapValues { $0.map { $0 * size } }
        let head = try fit([], world, names: names).head
        func cosine(_ a: [Float], _ b: [Float]) -> Float {
            let lengths = zip([a, b], [a, b]).map { pair in zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 } }
            return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / (lengths[0] * lengths[1]).squareRoot()
        }
        for example in world.examples(perClass: 20) {
            let nearest = world.labels.max {
                cosine(world.names[$0] ?? [], example.features) < cosine(world.names[$1] ?? [], example.features)
            }
            #expect(head.answer(example.features.map { $0 * size }) == nearest)
        }
    }

    @Test func `a label appears by being used, with or without a name`() throws {
        var world = HeadWorld(classes: 4, featureCount: 16, noise: 0.7, seed: 2)
        let known = Array(world.labels.prefix(3))
        let first = world.examples(perClass: 4).filter { $0.label != world.labels[3] }
        let parent = try fit(first, world, labels: known)
        let new = world.example(3)
        let head = try fit(first + [new], world, names: [:], parent: parent.head, settings: parent.settings).head
        #expect(head.labels == world.labels)
        #expect(head.answer(new.features) == world.labels[3])
        #expect(head.accuracy(world.examples(perClass: 25)) >= 0.9)
    }

    @Test func `names that mean nothing lose their weight, names that do keep it`() throws {
        var world = HeadWorld(classes: 12, featureCount: 24, noise: 2.2, seed: 3)
        let examples = world.examples(perClass: 8)
        let turned = Dictionary(
            uniqueKeysWithValues: world.labels.indices.map {
                (world.labels[$0], world.names[world.labels[($0 + 5) % 12]] ?? [])
            })
        let honest = try fit(examples, world)
        let misled = try fit(examples, world, names: turned)
        #expect(honest.settings.nameWeight > 0)
        #expect(misled.settings.nameWeight == 0)
        let tests = world.examples(perClass: 30)
        #expect(honest.head.accuracy(tests) >= misled.head.accuracy(tests) - 0.02)
    }

    @Test func `one example of each class is enough to know bad names by`() throws {
        var world = HeadWorld(classes: 60, featureCount: 48, noise: 1.2, seed: 13)
        let examples = world.examples(perClass: 1)
        let turned = Dictionary(
            uniqueKeysWithValues: world.labels.indices.map {
                (world.labels[$0], world.names[world.labels[($0 + 7) % 60]] ?? [])
            })
        #expect(try fit(examples, world).settings.nameWeight == 1)
        #expect(try fit(examples, world, names: turned).settings.nameWeight == 0)
    }

    @Test func `noise calls for a stronger penalty`() throws {
        var clear = HeadWorld(classes: 4, featureCount: 60, noise: 1, seed: 4)
        var noisy = HeadWorld(classes: 4, featureCount: 60, noise: 9, seed: 4)
        let light = try fit(clear.examples(perClass: 60), clear).settings
        let strong = try fit(noisy.examples(perClass: 60), noisy)
        #expect(strong.settings.penalty > light.penalty)
        // It shows on fresh examples.
        var weak = strong.settings
        weak.penalty = light.penalty
        let taught = noisy.examples(perClass: 60)
        let tests = noisy.examples(perClass: 200)
        let chosen = try fit(taught, noisy, settings: strong.settings).head.accuracy(tests)
        #expect(try fit(taught, noisy, settings: weak).head.accuracy(tests) <= chosen + 0.02)
    }

    @Test func `settings are the defaults until there is something to choose them by, and chosen again as it grows`()
        throws
    {
        var world = HeadWorld(classes: 3, featureCount: 10, noise: 1, seed: 5)
        let examples = world.examples(perClass: 40)
        let early = try fit(Array(examples.prefix(20)), world).settings
        #expect(early.penalty == HeadSettings().penalty && early.nameWeight == 1 && early.chosenAt == 0)
        let chosen = try fit(Array(examples.prefix(60)), world, settings: early).settings
        #expect(chosen.chosenAt == 60)
        #expect(try fit(Array(examples.prefix(77)), world, settings: chosen).settings == chosen)
        #expect(try fit(Array(examples.prefix(78)), world, settings: chosen).settings.chosenAt == 78)
    }

    @Test func `weights count`() throws {
        var world = HeadWorld(classes: 2, featureCount: 8, noise: 0.5, seed: 6)
        let here = world.example(0).features
        func example(_ number: Int, _ label: Int, _ weight: Float) -> HeadExamples.Example {
            HeadExamples.Example(key: testKey(number), features: here, label: world.labels[label], weight: weight)
        }
        let heavy = try fit([example(1, 0, 1), example(2, 1, 5)], world, names: [:]).head
        #expect(heavy.answer(here) == world.labels[1])
        let light = try fit([example(1, 0, 1), example(2, 1, 0.2)], world, names: [:]).head
        #expect(light.answer(here) == world.labels[0])
        // Two of one kind weigh as much as one of twice the weight.
        let settings = HeadSettings(spread: 8)
        let twice = try fit([example(1, 0, 1), example(1, 0, 1), example(2, 1, 1)], world, settings: settings).head
        let double = try fit([example(1, 0, 2), example(2, 1, 1)], world, settings: settings).head
        for (a, b) in zip(twice.weight, double.weight) { #expect(abs(a - b) <= 1e-3) }
    }

    @Test func `calibration makes over-confident scores honest`() {
        // Logits four times as large as the odds say.
        var random = TestRandom(state: 7)
        func sample(_ count: Int) -> (logits: [Float], labels: [Int32]) {
            var logits: [Float] = []
            var labels: [Int32] = []
            for _ in 0..<count {
                let odds = (0..<5).map { _ in random.normal() }
                let chances = ClassificationHead.softmax(odds)
                var rest = Float.random(in: 0..<1, using: &random)
                let label = chances.firstIndex {
                    rest -= $0
                    return rest < 0
                }
                labels.append(Int32(label ?? 4))
                logits += odds.map { $0 * 4 }
            }
            return (logits, labels)
        }
        let seen = sample(2000)
        let found = Calibration.temperature(
            seen.logits,
            classes: 5,
            seen.labels,
            weights: [Float](repeating: 1, count: 2000),
            usual: 1
        ).temperature
        // The standard error of the estimate from 2000 labels is about 0.15.
        #expect(abs(found - 4) <= 0.6)
        let fresh = sample(2000)
        func error(_ temperature: Float) -> Double {
            Evaluation(
                fresh.labels.indices.map { row in
                    let scores = ClassificationHead.softmax(
                        Array(fresh.logits[row * 5..<(row + 1) * 5]),
                        temperature: temperature
                    )
                    let top = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
                    return Evaluation.Outcome(
                        label: "\(fresh.labels[row])",
                        predicted: "\(top)",
                        score: scores[top]
                    )
                }
            ).expectedCalibrationError
        }
        #expect(error(1) >= 0.2)
        #expect(error(found) <= 0.05)
    }

    @Test func `a fitted head's scores are honest`() throws {
        var world = HeadWorld(classes: 5, featureCount: 30, noise: 4, seed: 8)
        let fit = try fit(world.examples(perClass: 60), world)
        let tests = world.examples(perClass: 300)
        let report = Evaluation(
            tests.map { example in
                let scores = fit.head.probabilities(example.features.span)
                let top = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
                return Evaluation.Outcome(label: example.label, predicted: fit.head.labels[top], score: scores[top])
            })
        #expect(report.accuracy > 0.5)
        #expect(report.expectedCalibrationError <= 0.06)
    }
}
