import Foundation
import Inference
import Learning
import Safetensors
import Storage
import TestSupport
import Testing
import Tokenization
import Transformer
import Tuning

/// What transformers and peft are asked for by references/interop.py.
private struct Job: Encodable {
    enum Input: Encodable {
        case texts([String])
        case ids([[Int32]])

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .texts(let texts): try texts.encode(to: encoder)
            case .ids(let ids): try ids.encode(to: encoder)
            }
        }
    }

    /// Arguments of peft's LoraConfig.
    struct Lora: Encodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let r, lora_alpha: Int
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let target_modules: [String]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var use_rslora = false
    }

    let kind: String
    let model: String
    var adapter: String?
    var lora: Lora?
    let input: Input
    let output: String
}

/// Runs against real transformers and peft, by the Python interpreter that has them.
private enum Interop {
    static let python = ProcessInfo.processInfo.environment["ATTUNED_INTEROP_PYTHON"]
    static let model = ProcessInfo.processInfo.environment["ATTUNED_MODEL"]

    static func run(_ jobs: [Job], in folder: URL) async throws {
        let list = folder.appending(path: "jobs.json")
        try JSONEncoder().encode(jobs).write(to: list)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../references/interop.py")
        var environment = ChildProcess.defaultEnvironment
        environment["HF_HUB_OFFLINE"] = "1"
        let (exit, text) = try await ChildProcess.run(
            try #require(python), [script.path(percentEncoded: false), list.path(percentEncoded: false)],
            environment: environment)
        if exit != .init(code: 0, wasSignalled: false) { Issue.record("interop.py failed:\n\(text.suffix(3000))") }
    }

    /// The largest difference between what `path` holds and the features of `encoder`.
    static func difference(_ path: String, _ encoder: TextEncoder, _ ids: [[Int32]]) throws -> Float {
        let file = try SafetensorsFile(path: path)
        let values = try #require(file.entries["features"].flatMap { file.floats(of: $0) })
        try #require(values.count == ids.count * encoder.featureCount)
        let workspace = encoder.makeWorkspace(tokens: 128)
        var largest: Float = 0
        for (row, ids) in ids.enumerated() {
            var batch = TokenBatch()
            batch.append(ids: ids, typeIDs: ids.map { _ in 0 })
            for (column, value) in encoder.features(batch, workspace: workspace)[0].enumerated() {
                let difference = abs(value - values[row * encoder.featureCount + column])
                largest = difference.isNaN ? .infinity : max(largest, difference)
            }
        }
        return largest
    }
}

/// Embeddings of 1e-4 are what is promised; two libraries in fp32 were seen to differ by 1e-6.
private let tolerance: Float = 1e-4

@Suite(.enabled(if: Interop.python != nil, "ATTUNED_INTEROP_PYTHON, a Python with transformers and peft, is not set"))
struct `Revisions in transformers and peft` {
    private static let lora = TuningMethod.lora(LowRankPlan(rank: 4, alpha: 8))

    /// What a job made is compared with a body.
    private struct Comparison {
        let name: String
        let encoder: TextEncoder
        let output: String
    }

    /// Publishes `body`, made by `method` on `parent`, exports it in both ways, and asks for its features by all of these.
    private func publish(
        _ body: LoadedBody, _ method: TuningMethod, from parent: LoadedBody, _ store: BodyStore, _ input: Job.Input,
        _ jobs: inout [Job], _ comparisons: inout [Comparison]
    ) async throws -> LoadedBody {
        let base = store.base
        let (loaded, manifest, directory) = try await store.publish(
            body.draft(from: parent, base: base), method: method.name.rawValue)
        let name = "\(manifest.revision)-\(method.name.rawValue)"
        let export = try RevisionExport(revision: directory, model: base.directory)
        let (plain, merged) = (store.path("\(name)-exported"), store.path("\(name)-merged"))
        try export.write(to: plain, isMerged: false)
        try export.write(to: merged, isMerged: true)
        var ways = [("transformers", merged, nil as String?), ("transformers", plain, nil)]
        if manifest.files["model.safetensors"] != nil { ways.append(("transformers", directory, nil)) }
        if loaded.adapter != nil, manifest.files["model.safetensors"] == nil {
            ways += [("peft", base.directory, directory), ("peft", base.directory, plain)]
        }
        for (kind, model, adapter) in ways {
            let output = store.path("\(jobs.count).safetensors")
            jobs.append(Job(kind: kind, model: model, adapter: adapter, input: input, output: output))
            comparisons.append(
                Comparison(
                    name: "\(name) by \(kind) from \(adapter ?? model)", encoder: body.body.encoder, output: output))
        }
        return loaded
    }

    private func check(_ comparisons: [Comparison], _ ids: [[Int32]]) throws {
        for comparison in comparisons {
            let difference = try Interop.difference(comparison.output, comparison.encoder, ids)
            print("largest difference \(difference) of \(comparison.name)")
            #expect(difference <= tolerance, "\(comparison.name)")
        }
    }

    @Test(arguments: BodyModel.Form.allCases)
    func `of a tiny model give the same features`(form: BodyModel.Form) async throws {
        let model = try BodyModel(form)
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let ids = bodyExamples().map(\.ids)
        var jobs: [Job] = []
        var comparisons: [Comparison] = []
        var body = LoadedBody.base(base)
        for method in [.bias, Self.lora, .full, Self.lora, .topLayers(1)] {
            let tuned = try tune(body, method, base)
            body = try await publish(tuned, method, from: body, store, .ids(ids), &jobs, &comparisons)
        }
        let tuned = try tune(.base(base), Self.lora, base)
        _ = try await publish(tuned, Self.lora, from: .base(base), store, .ids(ids), &jobs, &comparisons)
        try await Interop.run(jobs, in: store.folder)
        try check(comparisons, ids)
    }

    @Test(.enabled(if: Interop.model != nil, "ATTUNED_MODEL is not set"))
    func `of MiniLM give the same embeddings, and adapters of peft load`() async throws {
        let directory = try #require(Interop.model)
        let base = LearningBase(
            directory: directory, digest: try BaseModelIdentity(name: "", directory: directory).digest,
            model: try TextModel(directory: directory), kernels: "test")
        let store = try BodyStore(base, of: nil)
        let tokenizer = try Tokenizer(directory: directory)
        let texts = [
            "I am still waiting on my card?", "What can I do if my card still hasn't arrived after 2 weeks?", "ok",
            "A wonderful film about a daemon that learns — slowly, but surely.", "Wie geht es dir, naïve Welt? 你好",
        ]
        let ids = texts.map { tokenizer.encode($0, maximumLength: 128).ids }
        var jobs: [Job] = []
        var comparisons: [Comparison] = []
        for method in [Self.lora, .full] {
            let parent = LoadedBody.base(base)
            let tuned = try tune(parent, method, base)
            _ = try await publish(tuned, method, from: parent, store, .texts(texts), &jobs, &comparisons)
        }
        let adapters = [
            Job.Lora(r: 4, lora_alpha: 8, target_modules: LowRankPlan.allLinear),
            Job.Lora(r: 3, lora_alpha: 5, target_modules: ["query", "key", "value", "dense"], use_rslora: true),
        ]
        for (index, lora) in adapters.enumerated() {
            jobs.append(
                Job(
                    kind: "train", model: directory, adapter: store.path("trained-\(index)"), lora: lora,
                    input: .texts(texts), output: store.path("trained-\(index).safetensors")))
        }
        try await Interop.run(jobs, in: store.folder)
        try check(comparisons, ids)
        let untuned = try Interop.difference(jobs[0].output, base.body.encoder, ids)
        #expect(untuned > 0.01, "tuning must have moved the embeddings well above the tolerance")

        for index in adapters.indices {
            let trained = store.path("trained-\(index)")
            let files = try ["adapter_config.json", "adapter_model.safetensors"].map {
                RevisionFile(name: $0, content: .bytes(try Data(contentsOf: URL(filePath: "\(trained)/\($0)"))))
            }
            let loaded = try await store.publish(.new(files), method: "lora").loaded
            #expect(loaded.kind == .lora)
            try check(
                [
                    Comparison(
                        name: "peft's adapter \(index)", encoder: loaded.body.encoder,
                        output: "\(trained).safetensors")
                ], ids)
            #expect(try Interop.difference("\(trained).safetensors", base.body.encoder, ids) > 0.01)
        }
    }
}
