import Foundation
import Testing
import Transformer
import Tuning

@Suite struct `A head fit` {
    @Test func `has the gradient of its objective`() throws {
        let fit = try HeadFixture.load().fit
        var random = TestRandom(state: 3)
        let rows = HeadRows(
            features: fit.features.flatMap { $0 },
            labels: fit.labels.map { Int32($0) },
            weights: fit.weights
        )
        let space = HeadSpace(
            labels: fit.labelNames,
            featureCount: 6,
            scale: 1.5,
            center: (0..<6).map { _ in random.normal() }
        )
        let count = 4 * 7
        let target = (0..<count).map { _ in random.normal() }
        let objective = HeadObjective([rows], space: space, penalty: 0.3, target: target)
        let point = (0..<count).map { _ in random.normal() }
        var gradient = [Float](repeating: 0, count: count)
        var ignored = gradient
        _ = objective.evaluate(point, &gradient)
        for index in 0..<count {
            let step: Float = 1e-2
            var left = point
            var right = point
            left[index] -= step
            right[index] += step
            let slope = (objective.evaluate(right, &ignored) - objective.evaluate(left, &ignored)) / Double(2 * step)
            // Central differences of single-precision losses of size 100 over 0.02: rounding 5e-4, curvature the rest.
            #expect(abs(slope - Double(gradient[index])) <= 2e-2 + 2e-3 * abs(slope), "parameter \(index)")
        }
    }

    @Test func `has it of many classes and several blocks of rows too`() {
        var random = TestRandom(state: 5)
        let (classes, features, count) = (30, 8, 300)
        let rows = HeadRows(
            features: (0..<count * features).map { _ in random.normal() },
            labels: (0..<count).map { Int32($0 % classes) },
            weights: (0..<count).map { 0.1 + 0.2 * Float($0 % 3) })
        let space = HeadSpace(
            labels: (0..<classes).map { "label \($0)" }, featureCount: features, scale: 1.5,
            center: (0..<features).map { _ in random.normal() })
        let size = classes * (features + 1)
        let objective = HeadObjective(
            [rows], space: space, penalty: 0.3, target: (0..<size).map { _ in random.normal() })
        let point = (0..<size).map { _ in random.normal() }
        var gradient = [Float](repeating: 0, count: size)
        var ignored = gradient
        _ = objective.evaluate(point, &gradient)
        for index in 0..<size {
            var (left, right) = (point, point)
            left[index] -= 1e-2
            right[index] += 1e-2
            let slope = (objective.evaluate(right, &ignored) - objective.evaluate(left, &ignored)) / 2e-2
            // As above, of losses some times as large.
            #expect(abs(slope - Double(gradient[index])) <= 5e-2 + 2e-3 * abs(slope), "parameter \(index)")
        }
    }

    @Test func `is scikit-learn's, with names as light examples`() throws {
        let fit = try HeadFixture.load().fit
        let found = try #require(
            try fit.problem().fit(parent: nil, settings: fit.settings, isThorough: true))
        // The gradient ends below 1e-2; the smallest curvature is the penalty's, most are far larger.
        #expect(difference(found.head.weight, fit.plain.weight) <= 5e-3)
        #expect(difference(found.head.bias, fit.plain.bias) <= 5e-3)
        #expect(found.gradientLength <= 1.1e-2)
        #expect(found.isThorough)
        // How far the minimum is from where the gradient has that length depends on the curvature there; nearer to it
        // there is little left that it could hide.
        let near = try #require(
            try fit.problem(remainder: 1e-4).fit(parent: nil, settings: fit.settings, isThorough: true))
        #expect(difference(near.head.weight, fit.plain.weight) <= 5e-4)
        #expect(difference(near.head.bias, fit.plain.bias) <= 5e-4)
    }

    @Test func `is pulled towards the head that the model brought`() throws {
        let fit = try HeadFixture.load().fit
        let base = ClassificationHead(
            labels: ["a", "b", "c"],
            featureCount: 6,
            weight: fit.base.weight,
            bias: fit.base.bias
        )
        let found = try #require(
            try fit.problem(base: base).fit(parent: nil, settings: fit.settings, isThorough: true))
        #expect(difference(found.head.weight, fit.pulled.weight) <= 5e-3)
        #expect(difference(found.head.bias, fit.pulled.bias) <= 5e-3)
        let near = try #require(
            try fit.problem(base: base, remainder: 1e-4).fit(parent: nil, settings: fit.settings, isThorough: true))
        #expect(difference(near.head.weight, fit.pulled.weight) <= 5e-4)
        #expect(difference(near.head.bias, fit.pulled.bias) <= 5e-4)
        // Without an example to say otherwise it is that head.
        let none = HeadProblem(
            examples: HeadExamples(featureCount: 6),
            labels: ["a", "b", "c"],
            names: ["a": fit.names[0]],
            base: base
        )
        let same = try #require(try none.fit(parent: nil, settings: nil, isThorough: true)).head
        #expect(difference(same.weight, base.weight) <= 1e-6)
        #expect(difference(same.bias, base.bias) <= 1e-6)
    }

    @Test func `is the same to the bit in whatever order examples came`() throws {
        var world = HeadWorld(classes: 5, featureCount: 24, noise: 1.5, seed: 4)
        var examples = world.examples(perClass: 30)
        // A few twice.
        examples += examples.prefix(4)
        func head(_ table: HeadExamples) throws -> ClassificationHead {
            let problem = HeadProblem(examples: table, labels: world.labels, names: world.names)
            return try #require(try problem.fit(parent: nil, settings: nil, isThorough: true)).head
        }
        let reference = try head(try HeadExamples(featureCount: 24, examples))
        var random = TestRandom(state: 8)
        for _ in 0..<3 {
            let shuffled = examples.shuffled(using: &random)
            var table = HeadExamples(featureCount: 24)
            for example in shuffled { try table.insert([example]) }
            expectSame(try head(table), reference)
            // And when some more had come and gone.
            let guests = world.examples(perClass: 1)
            try table.insert(guests)
            table.remove(guests.map(\.key))
            #expect(table.count == examples.count)
            expectSame(try head(table), reference)
        }
    }

    @Test func `ends in one place from everywhere`() throws {
        var world = HeadWorld(classes: 6, featureCount: 32, noise: 2, seed: 5)
        let examples = world.examples(perClass: 20)
        var settings = HeadSettings(spread: 150)
        settings.chosenAt = examples.count
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 32, examples),
            labels: world.labels,
            names: world.names
        )
        let cold = try #require(try problem.fit(parent: nil, settings: settings, isThorough: true))
        let earlier = HeadProblem(
            examples: try HeadExamples(featureCount: 32, Array(examples.dropLast(5))),
            labels: world.labels,
            names: world.names
        )
        let parent = try #require(try earlier.fit(parent: nil, settings: settings, isThorough: true)).head
        let warm = try #require(try problem.fit(parent: parent, settings: settings, isThorough: true))
        #expect(warm.iterations < cold.iterations)
        for example in examples {
            let apart = difference(
                warm.head.probabilities(example.features.span),
                cold.head.probabilities(example.features.span)
            )
            // A gradient of 1e-2 over a penalty of 0.1 leaves logits within 0.1, and usually much closer.
            #expect(apart <= 5e-3)
        }
        // Where nothing is left to do the head comes back untouched.
        let again = try #require(try problem.fit(parent: warm.head, settings: settings, isThorough: true))
        expectSame(again.head, warm.head)
    }

    @Test func `converges on features that have most in common`() throws {
        var world = HeadWorld(classes: 8, featureCount: 48, noise: 1, seed: 6, shift: 30)
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 48, world.examples(perClass: 10)),
            labels: world.labels,
            names: world.names
        )
        let found = try #require(try problem.fit(parent: nil, settings: nil, isThorough: true))
        #expect(found.iterations < 100)
        #expect(found.head.accuracy(world.examples(perClass: 20)) >= 0.95)
    }

    @Test func `gives way between iterations`() throws {
        var world = HeadWorld(classes: 5, featureCount: 16, noise: 2, seed: 9)
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: 16, world.examples(perClass: 20)),
            labels: world.labels,
            names: world.names
        )
        for limit in [0, 1, 5, 40] {
            var asked = 0
            let found = try problem.fit(parent: nil, settings: nil, isThorough: true) {
                asked += 1
                return asked > limit
            }
            #expect(found == nil)
            #expect(asked == limit + 1)
        }
    }
}

/// The largest absolute difference; infinite where the counts differ or a value is not a number.
private func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, a.allSatisfy(\.isFinite) else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
