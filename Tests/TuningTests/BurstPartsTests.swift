import Foundation
import Tensors
import Testing
import Transformer
import Tuning

@Suite struct `The parts of a burst` {
    private func examples(_ count: Int, label: (Int) -> Int32 = { Int32($0 % 3) }) -> [BurstExample] {
        (0..<count).map { index in
            BurstExample(
                ids: [Int32](repeating: Int32(index), count: 1 + index % 4),
                typeIDs: [Int32](repeating: 0, count: 1 + index % 4),
                label: label(index)
            )
        }
    }

    /// Which example each sequence of a batch is.
    private func indices(_ drawn: BatchSampler.Drawn) -> [Int] {
        drawn.batch.starts.dropLast().map { Int(drawn.batch.ids[$0]) }
    }

    @Test(arguments: [(10, 30, 8), (3, 30, 8), (20, 3, 8), (7, 0, 4), (1, 1, 8)])
    func `batches mix corrections and replay 1:1, and have no example twice`(
        corrections: Int,
        replay: Int,
        size: Int
    ) {
        let all = examples(corrections + replay)
        var sampler = BatchSampler(
            corrections: Array(all.prefix(corrections)),
            replay: Array(all.dropFirst(corrections)),
            size: size,
            tokens: 1000,
            pairs: false,
            seed: 3
        )
        var counts = [Int](repeating: 0, count: all.count)
        for _ in 0..<40 {
            let parts = sampler.next()
            #expect(parts.count == 1)
            let drawn = indices(parts[0])
            #expect(Set(drawn).count == drawn.count && !drawn.isEmpty && drawn.count <= size)
            let new = drawn.count { $0 < corrections }
            if replay >= size / 2 { #expect(abs(2 * new - drawn.count) <= 1) }
            for index in drawn { counts[index] += 1 }
        }
        // Decks are gone through whole before they begin again: no example is far ahead of another.
        let ahead = counts.prefix(corrections)
        #expect((ahead.max() ?? 0) - (ahead.min() ?? 0) <= 2)
    }

    @Test func `batches come in parts of not too many tokens, and a seed gives one order`() {
        let all = examples(40)
        func draw(_ seed: UInt64) -> [[Int]] {
            var sampler = BatchSampler(
                corrections: all,
                replay: [],
                size: 16,
                tokens: 12,
                pairs: false,
                seed: seed
            )
            return (0..<30).map { _ in
                let parts = sampler.next()
                for part in parts { #expect(part.batch.tokenCount <= 12 && part.labels.count > 0) }
                let drawn = parts.flatMap(indices)
                #expect(drawn.count == 16 && Set(drawn).count == 16, "a batch of long texts has as many as any")
                return drawn
            }
        }
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
        #expect(Set(draw(1).joined()).count == 40)
    }

    @Test func `pairs have one label`() {
        var sampler = BatchSampler(
            corrections: examples(60) { Int32($0 % 10) },
            replay: [],
            size: 8,
            tokens: 1000,
            pairs: true,
            seed: 1
        )
        for _ in 0..<20 {
            let labels = sampler.next()[0].labels
            for index in stride(from: 0, to: 8, by: 2) { #expect(labels[index] == labels[index + 1]) }
        }
    }

    @Test func `pairs mix few corrections with much replay 1:1, of all its labels`() {
        let all = examples(424) { Int32($0 < 24 ? $0 % 3 : $0 % 8) }
        var sampler = BatchSampler(
            corrections: Array(all.prefix(24)), replay: Array(all.dropFirst(24)), size: 16, tokens: 1000, pairs: true,
            seed: 2)
        var replayed: Set<Int32> = []
        for _ in 0..<40 {
            let drawn = sampler.next()[0]
            let new = indices(drawn).map { $0 < 24 }
            // The last pair may be of a label that only replay has.
            #expect(7...8 ~= new.count { $0 } && new.count == 16)
            for (label, isNew) in zip(drawn.labels, new) where !isNew { replayed.insert(label) }
            for index in stride(from: 0, to: 16, by: 2) { #expect(drawn.labels[index] == drawn.labels[index + 1]) }
        }
        #expect(replayed.count == 8)
    }

    @Test func `a token dropout leaves out other words of a text each time, never its frame or all of it`() {
        let frame: [Int32] = [101, 102]
        let texts: [[Int32]] = [[7], Array(1...30), [5, 6, 102, 8, 9]]
        let all = texts.enumerated().map { index, words in
            BurstExample(
                ids: frame.prefix(1) + words + frame.suffix(1),
                typeIDs: [Int32](repeating: 0, count: words.count + 2),
                label: Int32(index)
            )
        }
        func draw(_ dropout: Float) -> [BatchSampler.Drawn] {
            var sampler = BatchSampler(
                corrections: all, replay: [], size: 3, tokens: 1000, pairs: false, seed: 5, dropout: dropout)
            return (0..<200).flatMap { _ in sampler.next() }
        }
        let (whole, drawn, again) = (draw(0), draw(0.3), draw(0.3))
        #expect(whole.map(\.labels) == drawn.map(\.labels), "the order is the same with dropout and without")
        #expect(drawn.map(\.batch.ids) == again.map(\.batch.ids))
        var (kept, versions) = (0, Set<[Int32]>())
        for drawn in drawn {
            for (index, label) in drawn.labels.enumerated() {
                let ids = Array(drawn.batch.ids[drawn.batch.starts[index]..<drawn.batch.starts[index + 1]])
                let words = texts[Int(label)]
                #expect(ids.first == 101 && ids.last == 102 && ids.count > 2)
                #expect(ids.count { $0 == 102 } == words.count { $0 == 102 } + 1, "what parts a pair stays")
                #expect(ids.dropFirst().dropLast().allSatisfy(words.contains))
                if label == 1 {
                    kept += ids.count - 2
                    versions.insert(ids)
                }
            }
        }
        #expect(versions.count > 190)
        // 200 draws of 30 words: 4,200 are expected to stay, with a deviation of 35.
        #expect(abs(kept - 4200) < 180)
    }

    @Test func `learning rates rise over the warm-up, then fall to nearly nothing`() {
        for shape in [LearningRateSchedule.Shape.linear, .cosine] {
            let schedule = LearningRateSchedule(shape: shape, warmUp: 4)
            let factors = (1...20).map { schedule.factor(step: $0, of: 20) }
            #expect(factors[0] == 0.2 && factors[4] == 1)
            for index in 5..<20 { #expect(factors[index] < factors[index - 1] && factors[index] > 0) }
        }
        #expect(abs(LearningRateSchedule(shape: .linear).factor(step: 10, of: 10) - 0.1) <= 1e-12)
        #expect(LearningRateSchedule(shape: .constant, warmUp: 100).factor(step: 1, of: 1) == 1)
    }

    @Test func `biases and norms do not decay, matrices do`() throws {
        let fixture = try BurstFixture()
        let objective = try fixture.objective(BurstFixture.Case.all[0], .full, embeddings: true)
        for tensor in objective.trained {
            #expect(tensor.decays == (tensor.shape.count > 1), "\(tensor.name)")
        }
    }

    @Test(arguments: [
        (TuningMethod.head, 0), (.bias, 14), (.lora(BurstFixture.lowRankPlan), 24), (.topLayers(1), 15), (.full, 30),
        (.topLayers(9), 30),
    ])
    func `each method trains its tensors and no others`(method: TuningMethod, count: Int) throws {
        let objective = try BurstFixture().objective(BurstFixture.Case.all[0], method)
        #expect(objective.body.trained.count == count)
        #expect(!objective.body.trained.contains { $0.name.hasPrefix("embeddings.") || $0.name.contains("key.bias") })
    }

    @Test func `an adapter trained by peft loads, and gives peft's features when it is merged`() throws {
        let fixture = try BurstFixture()
        let configuration = try BurstFixture.configuration(activation: "gelu")
        let start = try BurstFixture.adapter(configuration, zeroB: true)
        let body = BurstFixture.body(configuration)
        let tensors = try start.factors.flatMap { name, factors in
            try [("A", factors.a), ("B", factors.b)].map { letter, tensor in
                let moved = try #require(fixture.floats("steps.lora.\(name).lora_\(letter).weight"))
                return NamedTensor(
                    name: "base_model.model.\(name).lora_\(letter).weight",
                    shape: tensor.shape,
                    values: zip(tensor.values, moved).map { $0 + $1 }
                )
            }
        }
        let plan = BurstFixture.lowRankPlan
        let adapter = try LowRankAdapter(plan, tensors: tensors, for: body, configuration: configuration)
        let encoder = TextEncoder(
            adapter.merged(into: body, configuration: configuration),
            configuration: configuration,
            plan: PoolingPlan(pooling: .mean, normalizes: true)
        )
        let features = encoder.features(fixture.batch, workspace: encoder.makeWorkspace(tokens: 100)).flatMap { $0 }
        let expected = try #require(fixture.floats("features.lora"))
        #expect(relativeDistance(features, expected) <= 1e-5)

        func fault(_ tensors: [NamedTensor]) -> String {
            do {
                _ = try LowRankAdapter(plan, tensors: tensors, for: body, configuration: configuration)
                return ""
            } catch {
                return error.description
            }
        }
        let name = tensors[0].name
        let rest = Array(tensors.dropFirst())
        #expect(fault(rest).contains("no tensor '\(name)'"))
        #expect(fault(rest + [NamedTensor(name: name, shape: [1], values: [0])]).contains("'\(name)' is [1]"))
        #expect(fault(tensors + [NamedTensor(name: "other", shape: [1], values: [0])]).contains("'other'"))
    }

    @Test func `a delta with a tensor that the body does not have is refused by name`() throws {
        let configuration = try BurstFixture.configuration(activation: "gelu")
        let body = BurstFixture.body(configuration)
        for (name, shape) in [("encoder.layer.2.output.dense.bias", [24]), ("encoder.layer.1.output.dense.bias", [23])]
        {
            let tensor = NamedTensor(name: name, shape: shape, values: [Float](repeating: 0, count: shape[0]))
            let error = #expect(throws: ModelError.self) {
                try body.replacing([tensor], configuration: configuration)
            }
            #expect(error?.description.contains(name) == true)
        }
    }
}
