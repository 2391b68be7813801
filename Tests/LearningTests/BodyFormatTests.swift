import Foundation
import Inference
import Learning
import Safetensors
import Storage
import Testing
import Transformer
import Tuning

@Suite struct `Bodies of revisions` {
    /// A step of a chain of bursts, and what must come of it.
    struct Step: Sendable {
        let method: TuningMethod
        let kind: BodyKind
        /// Files of its own, and files that it shares with the revision before.
        let own: Set<String>
        var shared: Set<String> = []

        static let adapter: Set<String> = ["adapter_config.json", "adapter_model.safetensors"]
        static let directory: Set<String> = ["config.json", "tokenizer.json"]
        static let modules: Set<String> = ["modules.json", "1_Pooling/config.json"]
    }

    /// Bursts one after another, each on the body of the one before.
    struct Chain: Sendable, CustomStringConvertible {
        let description: String
        let steps: [Step]
    }

    private static let lora = TuningMethod.lora(LowRankPlan(rank: 4, alpha: 8))
    private static let otherLora = TuningMethod.lora(LowRankPlan(rank: 2, alpha: 3.3, targets: ["query", "value"]))
    private static let widestLora = TuningMethod.lora(LowRankPlan(rank: 2, targets: LowRankPlan.layers))
    private static let weights: Set<String> = ["model.safetensors"]

    private static let chains = [
        Chain(
            description: "lora, lora, other lora, lora again",
            steps: [
                Step(method: lora, kind: .lora, own: Step.adapter), Step(method: lora, kind: .lora, own: Step.adapter),
                Step(method: otherLora, kind: .lora, own: weights.union(Step.directory).union(Step.adapter)),
                Step(
                    method: otherLora, kind: .lora, own: Step.adapter, shared: weights.union(Step.directory)),
            ]),
        Chain(
            description: "lora, full, lora, top layers",
            steps: [
                Step(method: lora, kind: .lora, own: Step.adapter),
                Step(method: .full, kind: .dense, own: weights.union(Step.directory)),
                Step(method: lora, kind: .lora, own: Step.adapter, shared: weights.union(Step.directory)),
                Step(method: .topLayers(1), kind: .dense, own: weights, shared: Step.directory),
            ]),
        Chain(
            description: "lora with the pooler's, again, full",
            steps: [
                Step(method: widestLora, kind: .lora, own: Step.adapter),
                Step(method: widestLora, kind: .lora, own: Step.adapter),
                Step(method: .full, kind: .dense, own: weights.union(Step.directory)),
            ]),
        Chain(
            description: "bias, bias, lora, bias",
            steps: [
                Step(method: .bias, kind: .bias, own: ["delta.safetensors"]),
                Step(method: .bias, kind: .bias, own: ["delta.safetensors"]),
                Step(method: lora, kind: .lora, own: weights.union(Step.directory).union(Step.adapter)),
                Step(method: .bias, kind: .dense, own: weights, shared: Step.directory),
            ]),
    ]

    @Test(arguments: chains, BodyModel.Form.allCases)
    func `are what they were when they are loaded again, to the bit`(chain: Chain, form: BodyModel.Form) async throws {
        let model = try BodyModel(form)
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let modules = form == .encoder ? Step.modules : []
        func completed(_ files: Set<String>) -> Set<String> {
            files.isSuperset(of: Step.directory) ? files.union(modules) : files
        }
        var parent = LoadedBody.base(base)
        var before = ""
        var earlier = [parent]
        for step in chain.steps {
            let tuned = try tune(parent, step.method, base)
            #expect(tuned.kind == step.kind)
            #expect(tuned.number == 0)
            #expect(
                featureBits(tuned.body.encoder) != featureBits(parent.body.encoder), "a burst must change something")
            for body in earlier {
                #expect(!tuned.body.encoder.hasWeights(of: body.body.encoder))
                #expect(!body.body.encoder.hasWeights(of: tuned.body.encoder))
            }
            earlier.append(tuned)

            let (loaded, manifest, directory) = try await store.publish(
                tuned.draft(from: parent, base: base), method: step.method.name.rawValue)
            #expect(loaded.number == manifest.revision)
            #expect(loaded.kind == step.kind)
            #expect(loaded.body.encoder.hasWeights(of: tuned.body.encoder))
            #expect(featureBits(loaded.body.encoder) == featureBits(tuned.body.encoder))
            #expect(loaded.adapter?.plan == tuned.adapter?.plan)

            let shared = completed(step.shared)
            let files = Set(manifest.files.filter(\.value.isBody).keys)
            #expect(files == completed(step.own).union(shared))
            for name in files {
                let isSame =
                    try before != "" && FileManager.default.fileExists(atPath: "\(before)/\(name)")
                    && inode("\(before)/\(name)") == inode("\(directory)/\(name)")
                #expect(isSame == shared.contains(name), "\(name)")
            }
            // From what was loaded, a burst must go on as from what was never written.
            let next = try tune(loaded, step.method, base, steps: 1)
            let same = try tune(tuned.numbered(manifest.revision), step.method, base, steps: 1)
            #expect(next.body.encoder.hasWeights(of: same.body.encoder))
            (parent, before) = (loaded, directory)
        }
    }

    @Test(arguments: BodyModel.Form.allCases)
    func `have an adapter on the pooler where it is asked for and there is one`(form: BodyModel.Form) throws {
        let model = try BodyModel(form)
        let base = try model.base()
        let pooler = TuningMethod.lora(LowRankPlan(rank: 2, targets: ["pooler.dense"]))
        switch form {
        case .classifier:
            let tuned = try tune(.base(base), pooler, base)
            #expect(tuned.adapter?.factors.keys.sorted() == ["pooler.dense"])
            #expect(featureBits(tuned.body.encoder) != featureBits(base.body.encoder))
        case .encoder:
            let error = #expect(throws: BurstError.self) { try tune(.base(base), pooler, base) }
            #expect(error?.description.contains("pooler.dense") == true, "\(String(describing: error))")
        }
        let usual = try tune(.base(base), .lora(LowRankPlan(rank: 2)), base)
        #expect(usual.adapter?.factors["pooler.dense"] == nil)
    }

    @Test func `a burst of the head alone leaves the body as it is`() throws {
        let model = try BodyModel()
        let base = try model.base()
        let tuned = try tune(.base(base), .head, base)
        #expect(tuned.kind == .base)
        #expect(tuned.body === base.body)
        guard case .base = try tuned.draft(from: .base(base), base: base) else {
            Issue.record("the base model's body has no files")
            return
        }
    }

    @Test func `the base model's body is the one that serves, and a fresh one where none does`() throws {
        let base = try BodyModel().base()
        let copy = base
        let first = base.body
        #expect(base.body === first && copy.body === first)
        copy.serve(nil)
        let second = base.body
        #expect(second !== first && base.body === second && copy.body === second)
        #expect(featureBits(second.encoder) == featureBits(first.encoder))
        base.serve(first)
        #expect(copy.body === first)
    }

    @Test func `an adapter is still there when its directory is not`() async throws {
        let model = try BodyModel()
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let method = TuningMethod.lora(LowRankPlan(rank: 4, alpha: 8))
        let tuned = try tune(.base(base), method, base)
        let (loaded, _, directory) = try await store.publish(tuned.draft(from: .base(base), base: base), method: "lora")
        try FileManager.default.removeItem(atPath: directory)
        #expect(featureBits(loaded.body.encoder) == featureBits(tuned.body.encoder))
        #expect(featureBits(loaded.body.encoder.unpacked()) == featureBits(tuned.body.encoder))
        let next = try tune(loaded, method, base, steps: 1)
        #expect(try next.body.encoder.hasWeights(of: tune(tuned, method, base, steps: 1).body.encoder))
    }

    @Test(arguments: BodyModel.Form.allCases)
    func `a delta has the biases that were trained, under the checkpoint's names`(form: BodyModel.Form) async throws {
        let model = try BodyModel(form)
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let tuned = try tune(.base(base), .bias, base)
        let (_, _, directory) = try await store.publish(tuned.draft(from: .base(base), base: base), method: "bias")
        let file = try SafetensorsFile(path: "\(directory)/delta.safetensors")
        #expect(file.metadata == ["format": "attuned-bias-1"])
        var expected: Set<String> = []
        for layer in 0..<2 {
            for part in [
                "attention.self.query", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
                "intermediate.dense", "output.dense", "output.LayerNorm",
            ] { expected.insert("\(base.namePrefix)encoder.layer.\(layer).\(part).bias") }
        }
        if form == .classifier { expected.insert("bert.pooler.dense.bias") }
        #expect(Set(file.entries.keys) == expected)
    }

    @Test func `a model directory is complete and in full precision`() async throws {
        let model = try BodyModel(.classifier, dtype: "float16")
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let tuned = try tune(.base(base), .full, base)
        let (_, _, directory) = try await store.publish(tuned.draft(from: .base(base), base: base), method: "full")
        let before = try SafetensorsFile(path: "\(model.path)/model.safetensors")
        let after = try SafetensorsFile(path: "\(directory)/model.safetensors")
        #expect(after.entries.mapValues(\.shape) == before.entries.mapValues(\.shape))
        #expect(after.metadata == ["format": "pt"])
        let configuration = try String(contentsOfFile: "\(directory)/config.json", encoding: .utf8)
        #expect(configuration.contains(#""dtype" : "float32""#))
        // It is a model directory to this program as well.
        let read = try TextModel(directory: directory)
        #expect(featureBits(read.encoder) == featureBits(tuned.body.encoder))
    }
}
