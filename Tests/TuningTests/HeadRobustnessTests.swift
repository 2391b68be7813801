import Foundation
import Testing
import Transformer
import Tuning

@Suite struct `Odd examples` {
    private func head(
        _ examples: [HeadExamples.Example], labels: [String], names: [String: [Float]] = [:], size: Int
    ) throws -> ClassificationHead {
        let problem = HeadProblem(
            examples: try HeadExamples(featureCount: size, examples),
            labels: labels,
            names: names
        )
        let found = try #require(try problem.fit(parent: nil, settings: nil, isThorough: true)).head
        #expect(problem.fault(in: found) == nil)
        #expect(found.temperature.isFinite && found.temperature > 0)
        return found
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func `that are not finite are refused`(value: Float) throws {
        var table = try HeadExamples(
            featureCount: 2,
            [.init(key: testKey(1), features: [1, 0], label: "a")]
        )
        #expect(throws: TuningError.self) {
            try table.insert([
                .init(key: testKey(2), features: [0, 1], label: "b"),
                .init(key: testKey(3), features: [value, 0], label: "a"),
            ])
        }
        for weight in [value, 0, -1, 2e6] {
            #expect(throws: TuningError.self) {
                try table.insert([.init(key: testKey(4), features: [0, 1], label: "a", weight: weight)])
            }
        }
        #expect(throws: TuningError.self) {
            try table.insert([.init(key: testKey(5), features: [0, 1, 2], label: "a")])
        }
        #expect(table.count == 1)
    }

    @Test func `that fit no label, or no labels at all, are an error that says so`() throws {
        let table = try HeadExamples(featureCount: 1, [.init(key: testKey(1), features: [1], label: "b")])
        let error = #expect(throws: TuningError.self) {
            try HeadProblem(examples: table, labels: ["a"], names: [:]).fit(
                parent: nil,
                settings: nil,
                isThorough: false
            )
        }
        #expect(error?.description.contains("'b'") == true)
        for labels in [[], ["b", "b"]] {
            #expect(throws: TuningError.self) {
                try HeadProblem(examples: table, labels: labels, names: [:]).fit(
                    parent: nil,
                    settings: nil,
                    isThorough: false
                )
            }
        }
        var settings = HeadSettings()
        settings.penalty = .nan
        #expect(throws: TuningError.self) {
            try HeadProblem(examples: table, labels: ["b"], names: [:]).fit(
                parent: nil,
                settings: settings,
                isThorough: false
            )
        }
    }

    @Test func `of one class make a head that always says it`() throws {
        let one = try head(
            (0..<60).map { .init(key: testKey($0), features: [Float($0), 1], label: "a") },
            labels: ["a"],
            size: 2
        )
        #expect(one.probabilities([3, 4].span) == [1])
        #expect(try head([], labels: ["a"], size: 2).probabilities([3, 4].span) == [1])
    }

    @Test func `with zero vectors, huge and tiny ones, and names that say nothing`() throws {
        var world = HeadWorld(classes: 3, featureCount: 12, noise: 1, seed: 2)
        var examples = world.examples(perClass: 30)
        examples.append(.init(key: testKey(-1), features: [Float](repeating: 0, count: 12), label: "label 0"))
        let names: [String: [Float]] = [
            "label 0": [Float](repeating: 0, count: 12), "label 1": [.nan], "label 2": [1, 2],
        ]
        #expect(try head(examples, labels: world.labels, names: names, size: 12).accuracy(examples) >= 0.8)
        for factor: Float in [1e-4, 1e4] {
            let scaled = examples.map {
                HeadExamples.Example(key: $0.key, features: $0.features.map { $0 * factor }, label: $0.label)
            }
            #expect(try head(scaled, labels: world.labels, size: 12).accuracy(scaled) >= 0.8)
        }
        let empty = [Float](repeating: 0, count: 12)
        _ = try head([.init(key: testKey(1), features: empty, label: "label 0")], labels: world.labels, size: 12)
    }

    @Test(arguments: [Float(1e-3), 1e6]) func `of extreme weight`(weight: Float) throws {
        var world = HeadWorld(classes: 3, featureCount: 12, noise: 1, seed: 3)
        let examples = world.examples(perClass: 25) + [world.example(0, label: "label 1", weight: weight)]
        let found = try head(examples, labels: world.labels, size: 12)
        #expect((found.answer(examples[75].features) == "label 1") == (weight > 1))
    }

    @Test func `of five hundred labels, few of each`() throws {
        var world = HeadWorld(classes: 500, featureCount: 64, noise: 1, seed: 4)
        let examples = (0..<700).map { world.example($0 % 500) }
        let found = try head(examples, labels: world.labels, names: world.names, size: 64)
        #expect(found.accuracy(world.examples(perClass: 1)) >= 0.9)
    }

    @Test func `a thousand of one class and one of another`() throws {
        var world = HeadWorld(classes: 2, featureCount: 16, noise: 0.5, seed: 5)
        let rare = world.example(1)
        let examples = (0..<1000).map { _ in world.example(0) } + [rare]
        let found = try head(examples, labels: world.labels, size: 16)
        #expect(found.answer(rare.features) == rare.label)
        #expect(found.accuracy(examples) >= 0.99)
    }

    @Test func `taught twice and taken back once are still there once`() throws {
        var table = HeadExamples(featureCount: 1)
        let example = HeadExamples.Example(key: testKey(1), features: [1], label: "a")
        try table.insert([example])
        try table.insert([example, .init(key: testKey(2), features: [2], label: "b")])
        #expect(table.count == 3)
        table.remove([testKey(1)])
        #expect(table.count == 2)
        table.remove([testKey(1), testKey(1), testKey(3)])
        #expect(table.count == 1)
    }

    @Test func `show up a head that is degenerate`() throws {
        var world = HeadWorld(classes: 2, featureCount: 4, noise: 0.5, seed: 6)
        func fault(_ head: ClassificationHead, _ examples: [HeadExamples.Example]) throws -> String? {
            HeadProblem(
                examples: try HeadExamples(featureCount: 4, examples),
                labels: world.labels,
                names: [:]
            ).fault(in: head)
        }
        func constant(_ bias: Float) -> ClassificationHead {
            ClassificationHead(
                labels: world.labels,
                featureCount: 4,
                weight: [Float](repeating: 0, count: 8),
                bias: [bias, 0]
            )
        }
        let examples = world.examples(perClass: 10)
        #expect(try fault(constant(1), examples)?.contains("label 0") == true)
        #expect(try fault(constant(.nan), examples) != nil)
        #expect(try fault(constant(1), examples.filter { $0.label == "label 0" }) == nil)
    }
}
