import Tensors
import Testing
import Transformer
import Tuning

@Suite struct `An adapter that is added as weights are packed` {
    private static let plans = [
        PoolingPlan(pooling: .mean, normalizes: true), PoolingPlan(pooling: .pooler, normalizes: false),
    ]
    private let configuration: ModelConfiguration
    private let body: BodyParameters
    private let adapter: LowRankAdapter
    private let fixture: BurstFixture

    init() throws {
        fixture = try BurstFixture()
        configuration = try BurstFixture.configuration(activation: "gelu")
        body = BurstFixture.body(configuration)
        // The pooler too, and b as well as a is drawn.
        let low = LowRankPlan(rank: 3, alpha: 6, targets: LowRankPlan.allLinear + ["pooler.dense"])
        let tensors = body.tensors(configuration).filter { low.covers($0.place.module) && $0.place.kind == .weight }
            .flatMap { place, _ in
                [("A", [low.rank, place.shape[1]]), ("B", [place.shape[0], low.rank])].map { letter, shape in
                    let name = "\(LowRankAdapter.prefix)\(place.module).lora_\(letter).weight"
                    return NamedTensor(name: name, tensor: BurstFixture.values(name, shape))
                }
            }
        adapter = try LowRankAdapter(low, tensors: tensors, for: body, configuration: configuration)
    }

    private func bits(_ encoder: TextEncoder) -> [[UInt32]] {
        encoder.features(fixture.batch, workspace: encoder.makeWorkspace(tokens: fixture.batch.tokenCount))
            .map { $0.map(\.bitPattern) }
    }

    @Test(arguments: WeightPrecision.allCases, plans)
    func `gives the features of the merged weights, to the bit`(precision: WeightPrecision, plan: PoolingPlan) {
        for kernels in VectorKernels.available {
            let encoder = TextEncoder(
                body, adapter: adapter, configuration: configuration, plan: plan, precision: precision,
                kernels: kernels)
            let merged = TextEncoder(
                adapter.merged(into: body, configuration: configuration), configuration: configuration, plan: plan,
                precision: precision, kernels: kernels)
            let base = TextEncoder(
                body, configuration: configuration, plan: plan, precision: precision, kernels: kernels)
            #expect(bits(encoder) == bits(merged), "\(kernels.name)")
            #expect(bits(encoder) != bits(base), "\(kernels.name)")
            #expect(bits(encoder.unpacked()) == bits(encoder), "\(kernels.name)")
            let shared = encoder.unpacked()
            shared.prepare(threads: 3)
            #expect(bits(shared) == bits(encoder), "\(kernels.name)")
            #expect(encoder.hasWeights(of: merged) && merged.hasWeights(of: encoder))
            #expect(!encoder.hasWeights(of: base) && !base.hasWeights(of: encoder))
        }
    }

    @Test func `is in the pooler where it covers that`() throws {
        let merged = adapter.merged(into: body, configuration: configuration)
        #expect(try #require(merged.pooler).weight.values != #require(body.pooler).weight.values)
        let part = adapter.merged(into: body, configuration: configuration, part: .block(1))
        #expect(part.blocks[1].output.weight.values == merged.blocks[1].output.weight.values)
        #expect(part.blocks[0].output.weight.values == body.blocks[0].output.weight.values)
        #expect(part.pooler?.weight.values == body.pooler?.weight.values)
    }

    @Test func `comes out of bursts that share frozen weights as of those that do not`() throws {
        func input() throws -> Burst.Input {
            var input = Burst.Input(
                base: body, configuration: configuration, pooling: Self.plans[0],
                head: BurstFixture.head(featureScale: 20), corrections: fixture.examples)
            input.seed = 3
            return input
        }
        var plan = BurstPlan(method: .lora(BurstFixture.lowRankPlan), steps: 4)
        plan.featureScale = 20
        plan.learningRate = 3e-3
        let shared = try input()
        let first = try Burst.run(plan, on: shared)
        // Another method needs other ones of them packed, and for both directions.
        var partial = plan
        partial.method = .topLayers(1)
        _ = try Burst.run(partial, on: shared)
        let second = try Burst.run(plan, on: shared)
        let alone = try Burst.run(plan, on: input())
        #expect(first.delta == second.delta && second.delta == alone.delta)
        #expect(try Burst.run(partial, on: shared).delta == Burst.run(partial, on: input()).delta)
    }
}
