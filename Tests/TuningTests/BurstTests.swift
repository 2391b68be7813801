import Foundation
import Tensors
import Testing
import Transformer
import Tuning

@Suite struct `A burst` {
    static let methods: [TuningMethod] = [
        .head, .bias, .lora(LowRankPlan(rank: 2, alpha: 4)), .topLayers(1), .full,
    ]

    /// The features by what a burst made.
    private func features(_ outcome: Burst.Outcome, _ input: Burst.Input) -> [[Float]] {
        features(outcome.parameters, adapter: outcome.adapter, input)
    }

    private func input() throws -> Burst.Input {
        let configuration = try BurstFixture.configuration(activation: "gelu")
        return Burst.Input(
            base: BurstFixture.body(configuration),
            configuration: configuration,
            pooling: PoolingPlan(pooling: .mean, normalizes: true),
            head: BurstFixture.head(featureScale: 1),
            corrections: try BurstFixture().examples
        )
    }

    private func plan(_ method: TuningMethod, steps: Int = 6) -> BurstPlan {
        var plan = BurstPlan(method: method, steps: steps)
        plan.learningRate = 3e-3
        plan.headLearningRate = 1e-2
        plan.batchSize = 4
        plan.batchTokens = 40
        plan.featureScale = 20
        return plan
    }

    private func features(
        _ parameters: BodyParameters, adapter: LowRankAdapter? = nil, _ input: Burst.Input
    ) -> [[Float]] {
        let encoder = TextEncoder(
            parameters, adapter: adapter, configuration: input.configuration, plan: input.pooling)
        var batch = TokenBatch()
        for example in input.corrections { batch.append(ids: example.ids, typeIDs: example.typeIDs) }
        return encoder.features(batch, workspace: encoder.makeWorkspace(tokens: batch.tokenCount))
    }

    @Test(arguments: methods)
    func `gives the same bytes for the same inputs, and others for another seed`(method: TuningMethod) throws {
        var input = try input()
        input.replay = input.corrections.suffix(5).map {
            BurstExample(ids: $0.ids.reversed(), typeIDs: $0.typeIDs, label: $0.label)
        }
        var plan = plan(method)
        plan.contrastiveShare = 0.3
        let first = try Burst.run(plan, on: input)
        let second = try Burst.run(plan, on: input)
        #expect(first.delta == second.delta && first.head == second.head && first.steps == second.steps)
        #expect(first.steps.map(\.number) == Array(1...6))
        input.seed = 1
        let other = try Burst.run(plan, on: input)
        #expect(other.head != first.head)
        if method != .head { #expect(other.delta != first.delta) }
    }

    @Test(arguments: methods)
    func `returns a delta that makes the base the body it trained, and nothing else moves`(method: TuningMethod) throws
    {
        let input = try input()
        let outcome = try Burst.run(plan(method), on: input)
        let configuration = input.configuration
        let rebuilt: BodyParameters
        if case .lora(let low) = method {
            #expect(outcome.delta.count == 24)
            #expect(
                outcome.delta.contains {
                    $0.name == "base_model.model.encoder.layer.0.attention.self.query.lora_A.weight"
                        && $0.shape == [2, 24]
                }
            )
            rebuilt = try LowRankAdapter(low, tensors: outcome.delta, for: input.base, configuration: configuration)
                .merged(into: input.base, configuration: configuration)
        } else {
            rebuilt = try input.base.replacing(outcome.delta, configuration: configuration)
        }
        #expect(features(rebuilt, input) == features(outcome, input))
        let before = input.base.tensors(configuration)
        for ((place, old), (_, new)) in zip(before, outcome.merged(configuration).tensors(configuration)) {
            let trained: Bool
            if case .lora(let low) = method {
                trained = place.kind == .weight && low.covers(place.module)
            } else {
                trained = method.trains(place, layerCount: 2, embeddings: false) && place.part != .pooler
            }
            #expect((old.values != new.values) == trained, "\(place.name)")
        }
        #expect(outcome.head != input.head)
    }

    @Test func `serves what it trained: the last step's loss is the serving encoder's`() throws {
        let input = try input()
        for method in Self.methods.dropFirst() {
            var plan = plan(method, steps: 1)
            plan.headLearningRate = 0
            plan.learningRate = 0
            plan.batchSize = 8
            plan.batchTokens = 100
            let outcome = try Burst.run(plan, on: input)
            var loss = 0.0
            var total = 0.0
            for (example, features) in zip(input.corrections, features(outcome, input)) {
                let scores = outcome.head.probabilities(features.span)
                loss -= Double(example.weight) * log(Double(scores[Int(example.label)]))
                total += Double(example.weight)
            }
            // Two implementations of one forward in fp32.
            #expect(abs(outcome.steps[0].loss - loss / total) <= 1e-5)
        }
    }

    @Test(arguments: methods)
    func `stops at a check that finds all corrections fixed`(method: TuningMethod) throws {
        let input = try input()
        var plan = plan(method, steps: 400)
        plan.learningRate = 1e-2
        plan.headLearningRate = 5e-2
        plan.schedule = LearningRateSchedule(shape: .constant)
        plan.checkInterval = 7
        plan.margin = 0.2
        let outcome = try Burst.run(plan, on: input)
        #expect(outcome.end == .fixed && outcome.steps.count.isMultiple(of: 7) && outcome.steps.count < 400)
        for (example, features) in zip(input.corrections, features(outcome, input)) {
            let logits = outcome.head.logits(features.span)
            let others = logits.indices.filter { $0 != Int(example.label) }.map { logits[$0] }
            // Less a little: the serving forward rounds otherwise.
            #expect(logits[Int(example.label)] >= (others.max() ?? 0) + 0.2 - 1e-3)
        }
    }

    @Test func `goes on from an adapter, where the last burst ended`() throws {
        var input = try input()
        let low = LowRankPlan(rank: 2, alpha: 4)
        var plan = plan(.lora(low), steps: 5)
        plan.batchSize = 8
        plan.batchTokens = 100
        let first = try Burst.run(plan, on: input)
        input.adapter = first.adapter
        input.head = first.head
        let second = try Burst.run(plan, on: input)
        #expect(second.steps[0].loss < first.steps[4].loss)
        plan.method = .lora(LowRankPlan(rank: 3))
        #expect(throws: BurstError.self) { try Burst.run(plan, on: input) }
    }

    @Test func `trains of the words only those that it meets`() throws {
        let input = try input()
        var plan = plan(.full)
        plan.trainsEmbeddings = true
        let outcome = try Burst.run(plan, on: input)
        let met = Set(input.corrections.flatMap(\.ids))
        for word in 0..<50 {
            let old = input.base.wordEmbeddings.matrix.row(word)
            #expect((outcome.parameters.wordEmbeddings.matrix.row(word) != old) == met.contains(Int32(word)))
        }
    }

    @Test func `is cancelled before the next step`() throws {
        let input = try input()
        var steps = 0
        #expect(throws: BurstError.cancelled) {
            try Burst.run(plan(.full), on: input, progress: { _ in steps += 1 }, isCancelled: { steps == 3 })
        }
        #expect(steps == 3)
    }

    @Test func `ends with an error when the loss or a gradient is not finite`() throws {
        var input = try input()
        var plan = plan(.full, steps: 20)
        plan.learningRate = 1e30
        #expect(throws: BurstError.self) { try Burst.run(plan, on: input) }
        plan = self.plan(.full)
        input.head = ClassificationHead(
            labels: input.head.labels,
            featureCount: 24,
            weight: [Float](repeating: .nan, count: 72),
            bias: [0, 0, 0]
        )
        let error = #expect(throws: BurstError.self) { try Burst.run(plan, on: input) }
        #expect(error == .diverged("the loss is not finite at step 1"))
    }

    @Test(arguments: [
        (BurstExample(ids: [], typeIDs: [], label: 0), "no tokens"),
        (BurstExample(ids: [1, 50], typeIDs: [0, 0], label: 0), "vocabulary"),
        (BurstExample(ids: [-1], typeIDs: [0], label: 0), "vocabulary"),
        (BurstExample(ids: [1], typeIDs: [2], label: 0), "token type"),
        (BurstExample(ids: [1], typeIDs: [], label: 0), "one token type"),
        (BurstExample(ids: [1], typeIDs: [0], label: 3), "label 3"),
        (BurstExample(ids: [1], typeIDs: [0], label: 0, weight: .nan), "weight"),
        (BurstExample(ids: [1], typeIDs: [0], label: 0, weight: 0), "weight"),
        (
            BurstExample(ids: [Int32](repeating: 1, count: 41), typeIDs: [Int32](repeating: 0, count: 41), label: 0),
            "41"
        ),
    ])
    func `names an example that it cannot use`(example: BurstExample, culprit: String) throws {
        var input = try input()
        input.corrections.append(example)
        let error = #expect(throws: BurstError.self) { try Burst.run(plan(.full), on: input) }
        #expect(error?.description.contains("example 8") == true && error?.description.contains(culprit) == true)
    }

    @Test func `refuses settings that make no sense`() throws {
        let input = try input()
        for change: (inout BurstPlan) -> Void in [
            { $0.steps = 0 }, { $0.learningRate = -1 }, { $0.learningRate = .nan }, { $0.contrastiveShare = 2 },
            { $0.contrastiveTemperature = 0 }, { $0.optimizer.clip = 0 }, { $0.optimizer.beta2 = 1 },
            { $0.featureScale = 0 }, { $0.batchTokens = 1 << 40 },
            {
                $0.method = .head; $0.headLearningRate = 0
            },
            { $0.method = .lora(LowRankPlan(targets: ["nothing"])) },
        ] {
            var plan = plan(.full)
            change(&plan)
            #expect(throws: BurstError.self) { try Burst.run(plan, on: input) }
        }
    }
}
