import Foundation
import Inference
import Learning
import Safetensors
import Storage
import Tensors
import Testing
import Transformer
import Tuning

/// A model directory of a few thousand weights that a test makes, removed with its last use.
final class BodyModel: Sendable {
    /// What the tests need of a directory: a plain encoder, or one inside a classifier, whose pooler makes the features.
    enum Form: Sendable, CaseIterable {
        case encoder, classifier
    }

    static let vocabularySize = 60
    let folder: URL
    let form: Form

    init(_ form: Form = .encoder, dtype: String? = nil) throws {
        self.form = form
        folder = FileManager.default.temporaryDirectory.appending(path: "body-\(UUID().uuidString)")
        let pooling = folder.appending(path: "1_Pooling")
        try FileManager.default.createDirectory(at: pooling, withIntermediateDirectories: true)
        let isClassifier = form == .classifier
        let configuration = """
            {"model_type": "bert", "architectures": ["\(isClassifier ? "BertForSequenceClassification" : "BertModel")"],
             "vocab_size": \(Self.vocabularySize), "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
             "intermediate_size": 40, "type_vocab_size": 2, "max_position_embeddings": 40, "layer_norm_eps": 1e-12,
             "hidden_act": "gelu", "id2label": {"0": "low", "1": "middle", "2": "high"}, "pad_token_id": 0,
             "label2id": {"low": 0, "middle": 1, "high": 2}\(dtype.map { ", \"dtype\": \"\($0)\"" } ?? "")}
            """
        try write("config.json", configuration)
        try write("tokenizer.json", "{}")
        if !isClassifier {
            try write(
                "modules.json",
                """
                [{"type": "sentence_transformers.models.Transformer", "path": ""},
                 {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
                 {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}]
                """)
            try write("1_Pooling/config.json", #"{"pooling_mode_mean_tokens": true}"#)
        }
        let tensors = try shapes().map { (name: $0, shape: $1, values: values($0, $1)) }
        try SafetensorsWriter.serialize(tensors, metadata: ["format": "pt"])
            .write(to: folder.appending(path: "model.safetensors"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { folder.path(percentEncoded: false) }

    func base() throws -> LearningBase {
        LearningBase(
            directory: path, digest: try BaseModelIdentity(name: "tiny", directory: path).digest,
            model: try TextModel(directory: path), kernels: "test")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    private func values(_ name: String, _ shape: [Int]) -> [Float] {
        let start = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 65521 }
        return (0..<shape.reduce(1, *)).map { index in
            let wave = sin(Double(start) * 0.37 + Double(index) * 1.7)
            return Float(name.hasSuffix("LayerNorm.weight") ? 1 + 0.1 * wave : 0.25 * wave)
        }
    }

    private func shapes() throws -> [(String, [Int])] {
        let configuration = try ModelConfiguration(directory: path)
        var shapes: [(String, [Int])] = []
        _ = BodyParameters(configuration, withPooler: true) { place in
            shapes.append((form == .classifier ? "bert.\(place.name)" : place.name, place.shape))
            return Tensor([Float](repeating: 0, count: place.shape.reduce(1, *)), shape: place.shape)
        }
        if form == .classifier { shapes += [("classifier.weight", [3, 24]), ("classifier.bias", [3])] }
        return shapes
    }
}

/// A state directory in which bodies become revisions, removed with its last use.
final class BodyStore: Sendable {
    let folder: URL
    let store: StateStore
    let base: LearningBase
    /// Read again when a model directory is written.
    private let model: BodyModel?

    init(_ base: LearningBase, of model: BodyModel?) throws {
        self.base = base
        self.model = model
        folder = FileManager.default.temporaryDirectory.appending(path: "bodies-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try StateStore.open(
            directory: folder.appending(path: "state").path(percentEncoded: false),
            baseModel: BaseModelIdentity(name: "tiny", digest: base.digest))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A path in the folder that nothing has yet.
    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    /// Publishes a revision with the files of `body`, and loads it again from them.
    func publish(
        _ body: RevisionDraft.Body, method: String
    ) async throws -> (loaded: LoadedBody, manifest: RevisionManifest, directory: String) {
        let head = ClassificationHead(
            labels: ["low", "middle", "high"], featureCount: base.configuration.hiddenSize,
            weight: [Float](repeating: 0.5, count: 3 * base.configuration.hiddenSize), bias: [0, 1, 2])
        let draft = RevisionDraft(
            parent: store.serving, expectedServing: store.serving, method: method, kernelPath: base.kernelPath,
            body: body, files: [RevisionFile(name: "head.safetensors", content: .bytes(head.serialized()))],
            head: CorrectionSet(), labels: head.labels)
        let manifest = try await store.publish(draft).manifest
        let directory = try await store.verifiedDirectory(of: manifest.revision)
        return (try LoadedBody.load(manifest, directory: directory, base: base), manifest, directory)
    }
}

/// Texts as token ids, with labels.
func bodyExamples(_ count: Int = 12, vocabulary: Int = BodyModel.vocabularySize) -> [BurstExample] {
    (0..<count).map { index in
        let ids = (0..<3 + index % 5).map { Int32(4 + (index * 7 + $0 * 13) % (vocabulary - 4)) }
        return BurstExample(ids: ids, typeIDs: ids.map { _ in 0 }, label: Int32(index % 3))
    }
}

/// Tunes `parent` by a few large steps.
func tune(_ parent: LoadedBody, _ method: TuningMethod, _ base: LearningBase, steps: Int = 3) throws -> LoadedBody {
    let start = parent.start(method)
    let size = base.configuration.hiddenSize
    let head = ClassificationHead(
        labels: ["low", "middle", "high"], featureCount: size,
        weight: (0..<3 * size).map { sin(Float($0)) * 0.3 }, bias: [0, 0, 0])
    var input = Burst.Input(
        base: start.base, configuration: base.configuration, pooling: base.pooling, head: head,
        corrections: bodyExamples(vocabulary: min(base.configuration.vocabularySize, 1000)))
    input.adapter = start.adapter
    input.seed = 7
    var plan = BurstPlan(method: method, steps: steps)
    plan.learningRate = 3e-3
    plan.schedule = LearningRateSchedule(shape: .constant)
    let outcome = try Burst.run(plan, on: input, namePrefix: base.namePrefix)
    return LoadedBody.tuned(outcome, method: method, from: parent, base: base)
}

/// The bits of the features of the examples, one text at a time.
func featureBits(_ encoder: TextEncoder) -> [[UInt32]] {
    let workspace = encoder.makeWorkspace(tokens: 40)
    return bodyExamples().map { example in
        var batch = TokenBatch()
        batch.append(ids: example.ids, typeIDs: example.typeIDs)
        return encoder.features(batch, workspace: workspace)[0].map(\.bitPattern)
    }
}

/// Which file of the disk a path leads to.
func inode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int)
}
