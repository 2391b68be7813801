import Foundation
import Testing
import Transformer
import Tuning

/// A problem of 5,000 examples, 32 labels and 540 features, large enough for quick fits to work on a part.
@Suite struct `A quick fit of a large problem` {
    private static let size = 540

    /// Fitted once for all tests.
    private static let large = Result { try Large() }

    private struct Large: Sendable {
        var world: HeadWorld
        let examples: [HeadExamples.Example]
        var table: HeadExamples
        let settings: HeadSettings
        let parent: ClassificationHead

        init() throws {
            var world = HeadWorld(classes: 32, featureCount: size, noise: 6, seed: 1)
            examples = (0..<5000).map { world.example($0 % 31) }
            table = try HeadExamples(featureCount: size, examples)
            self.world = world
            var settings = HeadSettings(classes: 32, spread: Float(size) * 37)
            settings.chosenAt = 5000
            settings.penalty = 0.1
            self.settings = settings
            let problem = HeadProblem(examples: table, labels: Array(world.labels.prefix(31)), names: [:])
            parent = try #require(try problem.fit(parent: nil, settings: settings, isThorough: true)).head
        }

        func fit(_ table: HeadExamples, labels: Int, isThorough: Bool, new: [ExampleKey]) throws -> HeadFit {
            let problem = HeadProblem(examples: table, labels: Array(world.labels.prefix(labels)), names: [:])
            return try #require(
                try problem.fit(parent: parent, settings: settings, isThorough: isThorough, new: Set(new)))
        }
    }

    @Test func `learns what is new as the whole fit does, and hardly moves the rest`() throws {
        var large = try Self.large.get()
        let others = (0..<100).map { large.world.example($0 % 31) }
        var corrected = 0
        for number in 0..<4 {
            // Contradicts what the head has learnt.
            let new = large.world.example(number, label: large.world.labels[number + 9])
            var table = large.table
            try table.insert([new])
            let quick = try large.fit(table, labels: 31, isThorough: false, new: [new.key])
            expect(quick, isThorough: false)
            let whole = try large.fit(table, labels: 31, isThorough: true, new: [new.key])
            expect(whole, isThorough: true)
            if whole.head.answer(new.features) == new.label {
                corrected += 1
                expectAnswer(quick.head, new.features, new.label)
            }
            let moved = others.count { quick.head.answer($0.features) != large.parent.answer($0.features) }
            #expect(moved <= 2)
            // Without the control variate the sample's own noise moves everything, six times as far or more.
            let distance = distance(quick.head, large.parent, others)
            let allowed = 2 * self.distance(whole.head, large.parent, others)
            #expect(distance <= allowed)
            let again = try large.fit(table, labels: 31, isThorough: false, new: [new.key])
            expectSame(again.head, quick.head)
        }
        #expect(corrected > 0)
    }

    @Test func `does not keep what it learnt from examples that are gone`() throws {
        let large = try Self.large.get()
        // A user's corrections that are held back from now on: all of one label, and others.
        let rest = try HeadExamples(
            featureCount: Self.size, large.examples.indices.filter { !$0.isMultiple(of: 5) }.map { large.examples[$0] })
        let problem = HeadProblem(examples: rest, labels: Array(large.world.labels.prefix(31)), names: [:])
        let quick = try #require(
            try problem.fit(parent: large.parent, settings: large.settings, isThorough: false, lost: 1000))
        let whole = try #require(try problem.fit(parent: nil, settings: large.settings, isThorough: true))
        var world = large.world
        let others = (0..<100).map { world.example($0 % 31) }
        let moved = distance(whole.head, large.parent, others)
        #expect(distance(quick.head, whole.head, others) < 0.1 * moved)
    }

    @Test func `takes in a new label`() throws {
        var large = try Self.large.get()
        let new = large.world.example(31)
        try large.table.insert([new])
        let quick = try large.fit(large.table, labels: 32, isThorough: false, new: [new.key])
        expect(quick, isThorough: false)
        let labels = quick.head.labels.count
        #expect(labels == 32)
        let whole = try large.fit(large.table, labels: 32, isThorough: true, new: [new.key])
        expectAnswer(whole.head, new.features, "label 31")
        expectAnswer(quick.head, new.features, "label 31")
        let others = (0..<100).map { large.world.example($0 % 31) }
        let moved = others.count { quick.head.answer($0.features) != large.parent.answer($0.features) }
        #expect(moved <= 2)
    }

    /// The mean absolute change of a probability.
    private func distance(
        _ a: ClassificationHead, _ b: ClassificationHead, _ examples: [HeadExamples.Example]
    ) -> Float {
        let changes = examples.map { example in
            zip(a.probabilities(example.features.span), b.probabilities(example.features.span))
                .reduce(0) { $0 + abs($1.0 - $1.1) }
        }
        return changes.reduce(0, +) / Float(examples.count)
    }

    // A failed expectation on a head itself would print all of its weights.

    private func expect(_ fit: HeadFit, isThorough: Bool) {
        let found = fit.isThorough
        #expect(found == isThorough)
    }

    private func expectAnswer(_ head: ClassificationHead, _ features: [Float], _ label: String) {
        let answer = head.answer(features)
        #expect(answer == label)
    }
}
