import Foundation
import Tensors
import Testing
import Transformer
import Tuning

@Suite struct `Training computes what PyTorch computes` {
    /// All values or gradients of a tensor of which perhaps only some rows are kept; zeros for the others.
    private func whole(_ tensor: TrainedTensor, _ part: MatrixView) -> [Float] {
        guard let rows = tensor.rows else { return part.values }
        var values = [Float](repeating: 0, count: tensor.shape.reduce(1, *))
        for (slot, id) in rows.ids.enumerated() {
            let start = Int(id) * part.columns
            values.replaceSubrange(start..<start + part.columns, with: part.constant.row(slot))
        }
        return values
    }

    @Test(arguments: BurstFixture.Case.all + [.lowRank])
    func `the loss and every tensor's gradient`(setting: BurstFixture.Case) throws {
        let fixture = try BurstFixture()
        let prefix = "gradient.\(setting.name)."
        for kernels in VectorKernels.available {
            let isLowRank = setting.name == BurstFixture.Case.lowRank.name
            let objective = try fixture.objective(
                setting,
                isLowRank ? .lora(BurstFixture.lowRankPlan) : .full,
                embeddings: !isLowRank,
                kernels: kernels
            )
            let loss = fixture.evaluate(objective)
            let expected = Double(try #require(fixture.floats(prefix + "loss")?.first))
            // fp32 against double: the loss is a sum of a few terms of size 1.
            #expect(abs(loss - expected) <= 1e-5 * expected)

            var worst = Worst()
            var left = Set(fixture.names.filter { $0.hasPrefix(prefix) && $0 != prefix + "loss" })
            for tensor in objective.trained {
                let reference = try #require(fixture.floats(prefix + tensor.name), "\(tensor.name)")
                left.remove(prefix + tensor.name)
                worst.note(relativeDistance(whole(tensor, tensor.gradient), reference), tensor.name)
            }
            print("\(setting) on \(kernels.name): worst relative gradient error \(worst)")
            #expect(worst.error <= 1e-4, "\(worst)")
            // What PyTorch trains and attuned does not: biases of keys, whose gradient is zero but for rounding.
            for name in left {
                #expect(name.hasSuffix(".attention.self.key.bias"), "\(name)")
                #expect(try #require(fixture.floats(name)).allSatisfy { abs($0) < 1e-12 })
            }
        }
    }

    /// A method of the reference.
    struct Run: Sendable, CustomStringConvertible {
        let name: String
        let method: TuningMethod
        var clip: Double = 1
        var pull: Float = 0
        var shape = LearningRateSchedule.Shape.linear
        var description: String { name }
    }

    @Test(arguments: [
        Run(name: "head", method: .head, clip: 1e9), Run(name: "bias", method: .bias),
        Run(name: "lora", method: .lora(BurstFixture.lowRankPlan), clip: 0.5, pull: 0.2),
        Run(name: "top-layers", method: .topLayers(1), clip: 2, shape: .cosine),
        Run(name: "full", method: .full, pull: 0.3), Run(name: "embeddings", method: .full),
    ])
    func `ten steps of every method`(run: Run) throws {
        let fixture = try BurstFixture()
        let setting = BurstFixture.Case(
            name: run.name,
            activation: "gelu",
            pooling: PoolingPlan(pooling: .mean, normalizes: true),
            featureScale: 20,
            contrastiveShare: run.name == "full" ? 0.3 : 0
        )
        let objective = try fixture.objective(
            setting,
            run.method,
            embeddings: run.name == "embeddings",
            zeroB: true
        )
        var settings = AdamWSettings()
        settings.decay = 0.1
        settings.layerDecay = 0.8
        settings.clip = run.clip
        settings.pull = run.pull
        let optimizer = AdamW(objective.trained, settings: settings)
        let schedule = LearningRateSchedule(shape: run.shape, warmUp: 3)
        let start = objective.trained.map { whole($0, $0.value) }
        let losses = try #require(fixture.floats("steps.\(run.name).losses"))
        var worstLoss = 0.0
        for (index, expected) in losses.enumerated() {
            let loss = fixture.evaluate(objective)
            worstLoss = max(worstLoss, abs(loss - Double(expected)) / Double(expected))
            let factor = Float(schedule.factor(step: index + 1, of: losses.count))
            _ = try optimizer.step(learningRate: 3e-3 * factor, headLearningRate: 1e-2 * factor)
        }
        #expect(worstLoss <= 1e-4)

        var worst = Worst()
        let prefix = "steps.\(run.name)."
        var left = Set(fixture.names.filter { $0.hasPrefix(prefix) && $0 != prefix + "losses" })
        for (tensor, start) in zip(objective.trained, start) {
            let reference = try #require(fixture.floats(prefix + tensor.name), "\(tensor.name)")
            left.remove(prefix + tensor.name)
            let moved = zip(whole(tensor, tensor.value), start).map { $0 - $1 }
            // Well above what rounding weights of size 0.25 does, 1e-8.
            #expect(
                reference.reduce(0) { max($0, abs($1)) } >= 1e-3,
                "\(tensor.name) must move for this to mean anything"
            )
            worst.note(relativeDistance(moved, reference), tensor.name)
        }
        print("\(run): worst loss error \(worstLoss), worst displacement error \(worst)")
        #expect(worst.error <= 0.01, "\(worst)")
        for name in left {
            #expect(name.hasSuffix(".attention.self.key.bias"), "\(name)")
            #expect(try #require(fixture.floats(name)).allSatisfy { abs($0) < 1e-8 })
        }
    }
}
