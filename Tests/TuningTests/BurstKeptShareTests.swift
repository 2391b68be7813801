import Tensors
import Testing
import Transformer
import Tuning

@Suite struct `The share of an addition that is kept` {
    private let configuration: ModelConfiguration
    private let input: Burst.Input
    private let fixture: BurstFixture

    init() throws {
        fixture = try BurstFixture()
        configuration = try BurstFixture.configuration(activation: "gelu")
        var input = Burst.Input(
            base: BurstFixture.body(configuration), configuration: configuration,
            pooling: PoolingPlan(pooling: .mean, normalizes: true), head: BurstFixture.head(featureScale: 20),
            corrections: fixture.examples)
        input.seed = 5
        self.input = input
    }

    private func run(
        _ method: TuningMethod, share: Float, adapter: LowRankAdapter? = nil
    ) throws -> Burst.Outcome {
        var plan = BurstPlan(method: method, steps: 6)
        plan.learningRate = 3e-3
        plan.featureScale = 20
        plan.schedule = LearningRateSchedule(shape: .constant)
        plan.keptShare = share
        var input = input
        input.adapter = adapter
        return try Burst.run(plan, on: input, namePrefix: "bert.")
    }

    @Test(arguments: [false, true]) func `is that of its b, in the delta as in the body`(goesOn: Bool) throws {
        let adapter = goesOn ? try BurstFixture.adapter(configuration, zeroB: false) : nil
        let method = TuningMethod.lora(BurstFixture.lowRankPlan)
        let full = try run(method, share: 1, adapter: adapter)
        let half = try run(method, share: 0.5, adapter: adapter)
        #expect(half.steps == full.steps, "training is the same")
        #expect(half.head == full.head)
        #expect(full.delta.map(\.name) == half.delta.map(\.name))
        var changed = 0
        for (a, b) in zip(full.delta, half.delta) {
            // Halving is exact.
            let isB = a.name.hasSuffix(".lora_B.weight")
            #expect(isB || a.name.hasSuffix(".lora_A.weight"))
            #expect(b.tensor.values == a.tensor.values.map { isB ? $0 * 0.5 : $0 }, "\(a.name)")
            if isB, a.tensor.values.contains(where: { $0 != 0 }) { changed += 1 }
        }
        #expect(changed == 12, "all six layers of both blocks have learnt something")

        // The body is the base and half of what the full one adds, to rounding.
        let base = input.base.tensors(configuration)
        let whole = full.merged(configuration).tensors(configuration)
        let part = half.merged(configuration).tensors(configuration)
        var moved = 0
        for (index, (place, before)) in base.enumerated() {
            let after = whole[index].tensor.values
            let expected = zip(before.values, after).map { ($0 + $1) / 2 }
            if after == before.values {
                #expect(part[index].tensor.values == before.values, "\(place.name)")
                continue
            }
            moved += 1
            let furthest = zip(part[index].tensor.values, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(furthest <= 1e-6, "\(place.name): \(furthest)")
            let distance = zip(after, before.values).map { abs($0 - $1) }.max() ?? 0
            #expect(distance >= 1e-4, "it must have moved by more than what is compared")
        }
        #expect(moved == 12)
        // The factors that come back are those of the body.
        let merged = try #require(half.adapter).merged(into: input.base, configuration: configuration)
        for (a, b) in zip(merged.tensors(configuration), part) { #expect(a.tensor.values == b.tensor.values) }
    }

    @Test(arguments: [TuningMethod.bias, .full, .topLayers(1), .head])
    func `is all of it for other methods`(method: TuningMethod) throws {
        let full = try run(method, share: 1)
        let half = try run(method, share: 0.5)
        #expect(full.delta.map(\.tensor.values) == half.delta.map(\.tensor.values))
        #expect(full.head == half.head)
    }

    @Test(arguments: [0, -0.5, 1.1, .nan] as [Float]) func `is above 0 and at most 1`(share: Float) {
        #expect(throws: BurstError.self) { try run(.lora(BurstFixture.lowRankPlan), share: share) }
    }
}
