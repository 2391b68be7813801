import Foundation
import Testing
import Transformer
import Tuning

/// What scikit-learn and scipy computed; made by references/head_reference.py.
struct HeadFixture: Decodable {
    struct Head: Decodable {
        let weight: [Float]
        let bias: [Float]
    }

    struct Fit: Decodable {
        let features: [[Float]]
        let labels: [Int]
        let weights: [Float]
        let names: [[Float]]
        let penalty: Float
        let spread: Float
        let nameWeight: Float
        let plain: Head
        let base: Head
        let pulled: Head

        var labelNames: [String] { ["a", "b", "c", "d"] }

        /// The examples, with keys that put them into an order of their own.
        var examples: [HeadExamples.Example] {
            features.indices.map { index in
                HeadExamples.Example(
                    key: testKey(index),
                    features: features[index],
                    label: labelNames[labels[index]],
                    weight: weights[index]
                )
            }
        }

        var settings: HeadSettings {
            var settings = HeadSettings(spread: spread)
            settings.penalty = penalty
            settings.nameWeight = nameWeight
            settings.temperature = 1
            settings.chosenAt = features.count
            return settings
        }

        func problem(base: ClassificationHead? = nil, remainder: Double = 1e-2) throws -> HeadProblem {
            var table = HeadExamples(featureCount: features[0].count)
            try table.insert(examples)
            let names = Dictionary(uniqueKeysWithValues: zip(labelNames, names))
            var problem = HeadProblem(examples: table, labels: labelNames, names: names, base: base)
            problem.remainder = remainder
            return problem
        }
    }

    struct Evaluation: Decodable {
        let truth: [String]
        let answers: [String]
        let scores: [Float]
        let accuracy: Double
        let macroF1: Double
        let error: Double
        let labels: [String]
        let support: [Int]
        let precision: [Double]
        let recall: [Double]
        let f1: [Double]
    }

    let fit: Fit
    let evaluation: Evaluation

    static func load() throws -> HeadFixture {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../references/head.json")
        return try JSONDecoder().decode(HeadFixture.self, from: Data(contentsOf: url))
    }
}

/// A key as good as a digest's, a function of `number`.
func testKey(_ number: Int) -> ExampleKey {
    var random = TestRandom(state: UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9 &+ 1)
    return ExampleKey(random.next(), random.next(), random.next(), random.next())
}

/// Seeded random numbers (SplitMix64).
struct TestRandom: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Normally distributed.
    mutating func normal() -> Float {
        let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &self))).squareRoot()
        return Float(radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self)))
    }
}

/// Gaussian classes with noise: examples, and names that lie near the classes' centres.
struct HeadWorld: Sendable {
    let labels: [String]
    let names: [String: [Float]]
    private let centers: [[Float]]
    private let noise: Float
    private var random: TestRandom
    private var made = 0

    init(classes: Int, featureCount: Int, noise: Float, seed: UInt64, shift: Float = 0) {
        var random = TestRandom(state: seed)
        centers = (0..<classes).map { _ in (0..<featureCount).map { _ in random.normal() + shift } }
        labels = (0..<classes).map { "label \($0)" }
        names = Dictionary(
            uniqueKeysWithValues: zip(labels, centers.map { $0.map { $0 + 0.7 * noise * random.normal() } }))
        self.noise = noise
        self.random = random
    }

    /// A new example of class `index`.
    mutating func example(_ index: Int, label: String? = nil, weight: Float = 1) -> HeadExamples.Example {
        made += 1
        return HeadExamples.Example(
            key: testKey(made),
            features: centers[index].map { $0 + noise * random.normal() },
            label: label ?? labels[index],
            weight: weight
        )
    }

    mutating func examples(perClass count: Int) -> [HeadExamples.Example] {
        (0..<count * labels.count).map { example($0 % labels.count) }
    }
}

extension HeadExamples {
    init(featureCount: Int, _ examples: [Example]) throws {
        self.init(featureCount: featureCount)
        try insert(examples)
    }
}

extension ClassificationHead {
    /// The label with the largest logit.
    func answer(_ features: [Float]) -> String {
        let logits = logits(features.span)
        return labels[logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }]
    }

    func accuracy(_ examples: [HeadExamples.Example]) -> Double {
        Double(examples.count { answer($0.features) == $0.label }) / Double(examples.count)
    }
}

/// Both heads are equal to the bit.
func expectSame(_ a: ClassificationHead, _ b: ClassificationHead) {
    let isSame = a == b
    #expect(isSame)
}
