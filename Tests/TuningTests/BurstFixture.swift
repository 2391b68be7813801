import Foundation
import Safetensors
import Tensors
import Transformer
import Tuning

/// The tiny model and the batch of references/training_reference.py, and what PyTorch computed with them.
struct BurstFixture {
    /// One of the reference's cases and methods: how the tiny model is pooled and what its loss is.
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let activation: String
        let pooling: PoolingPlan
        let featureScale: Float
        let contrastiveShare: Float
        var description: String { name }

        static let all = [
            Case(
                name: "gelu-mean",
                activation: "gelu",
                pooling: PoolingPlan(pooling: .mean, normalizes: true),
                featureScale: 20,
                contrastiveShare: 0
            ),
            Case(
                name: "gelu-contrastive",
                activation: "gelu",
                pooling: PoolingPlan(pooling: .mean, normalizes: true),
                featureScale: 20,
                contrastiveShare: 0.4
            ),
            Case(
                name: "gelu_new-pooler",
                activation: "gelu_new",
                pooling: PoolingPlan(pooling: .pooler, normalizes: false),
                featureScale: 1,
                contrastiveShare: 0
            ),
            Case(
                name: "relu-max",
                activation: "relu",
                pooling: PoolingPlan(pooling: .max, normalizes: false),
                featureScale: 1,
                contrastiveShare: 0.3
            ),
            Case(
                name: "gelu-cls",
                activation: "gelu",
                pooling: PoolingPlan(pooling: .cls, normalizes: true),
                featureScale: 4,
                contrastiveShare: 0
            ),
        ]
        static let lowRank = Case(
            name: "gelu-lora",
            activation: "gelu",
            pooling: PoolingPlan(pooling: .mean, normalizes: true),
            featureScale: 20,
            contrastiveShare: 0.4
        )
    }

    static let lowRankPlan = LowRankPlan(rank: 4, alpha: 8)
    static let temperature: Float = 0.2

    let batch: TokenBatch
    let labels: [Int32]
    let weights: [Float]
    let names: [String]
    private let file: SafetensorsFile

    init() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../references/training.safetensors")
        let file = try SafetensorsFile(path: url.path(percentEncoded: false))
        func floats(_ name: String) -> [Float] { file.entries[name].flatMap { file.floats(of: $0) } ?? [] }
        let ids = floats("batch.ids").map { Int32($0) }
        let types = floats("batch.types").map { Int32($0) }
        var batch = TokenBatch()
        var start = 0
        for length in floats("batch.lengths").map({ Int($0) }) {
            batch.append(ids: Array(ids[start..<start + length]), typeIDs: Array(types[start..<start + length]))
            start += length
        }
        self.file = file
        self.batch = batch
        labels = floats("batch.labels").map { Int32($0) }
        weights = floats("batch.weights")
        names = file.entries.keys.sorted()
    }

    /// The tensor `name` of the reference; nil where it has none.
    func floats(_ name: String) -> [Float]? { file.entries[name].flatMap { file.floats(of: $0) } }

    /// The corrections that the batch consists of.
    var examples: [BurstExample] {
        labels.indices.map { index in
            let range = batch.starts[index]..<batch.starts[index + 1]
            return BurstExample(
                ids: Array(batch.ids[range]),
                typeIDs: Array(batch.typeIDs[range]),
                label: labels[index],
                weight: weights[index]
            )
        }
    }

    static func configuration(activation: String) throws -> ModelConfiguration {
        let directory = FileManager.default.temporaryDirectory.appending(path: "burst-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let configuration = """
            {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": 50, "hidden_size": 24,
             "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40, "type_vocab_size": 2,
             "max_position_embeddings": 40, "layer_norm_eps": 1e-12, "hidden_act": "\(activation)"}
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "config.json"))
        return try ModelConfiguration(directory: directory.path(percentEncoded: false))
    }

    /// The same formula as `tiny_value` in transformer_reference.py.
    static func values(_ name: String, _ shape: [Int]) -> Tensor {
        let seed = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 65521 }
        let values = (0..<shape.reduce(1, *)).map { index in
            let wave = sin(Double(seed) * 0.37 + Double(index) * 1.7)
            return Float(name.hasSuffix("LayerNorm.weight") ? 1 + 0.1 * wave : 0.25 * wave)
        }
        return Tensor(values, shape: shape)
    }

    static func body(_ configuration: ModelConfiguration) -> BodyParameters {
        BodyParameters(configuration, withPooler: true) { values("bert.\($0.name)", $0.shape) }
    }

    static func head(featureScale: Float) -> ClassificationHead {
        let weight = values("classifier.weight", [3, 24]).values
        return ClassificationHead(
            labels: ["low", "middle", "high"],
            featureCount: 24,
            weight: weight.map { $0 * featureScale },
            bias: values("classifier.bias", [3]).values
        )
    }

    /// The addition whose factors follow the formula, or whose b is zero.
    static func adapter(_ configuration: ModelConfiguration, zeroB: Bool) throws -> LowRankAdapter {
        let body = body(configuration)
        let tensors = body.tensors(configuration).filter {
            $0.place.kind == .weight && lowRankPlan.covers($0.place.module)
        }
        .flatMap { place, _ in
            [("A", [lowRankPlan.rank, place.shape[1]]), ("B", [place.shape[0], lowRankPlan.rank])].map {
                letter,
                shape in
                let name = "\(place.module).lora_\(letter).weight"
                let values = values("bert.\(name)", shape).values
                return NamedTensor(
                    name: LowRankAdapter.prefix + name,
                    shape: shape,
                    values: zeroB && letter == "B" ? values.map { _ in 0 } : values
                )
            }
        }
        return try LowRankAdapter(lowRankPlan, tensors: tensors, for: body, configuration: configuration)
    }

    /// The objective of a case for a method, all embeddings trained if asked for.
    func objective(
        _ setting: Case,
        _ method: TuningMethod,
        embeddings: Bool = false,
        zeroB: Bool = false,
        kernels: VectorKernels = .best
    ) throws -> BurstObjective {
        let configuration = try Self.configuration(activation: setting.activation)
        var plan = TrainableBody.Plan(
            base: Self.body(configuration),
            configuration: configuration,
            pooling: setting.pooling,
            method: method
        )
        plan.trainsEmbeddings = embeddings
        plan.vocabulary = Set(batch.ids)
        if case .lora = method { plan.adapter = try Self.adapter(configuration, zeroB: zeroB) }
        let limits = BatchLimits(tokens: batch.tokenCount + 3, sequences: labels.count + 1, longest: 17)
        let head = TrainableHead(
            Self.head(featureScale: setting.featureScale),
            featureScale: setting.featureScale,
            sequences: limits.sequences,
            isTrained: true
        )
        return BurstObjective(
            TrainableBody(plan, limits: limits, kernels: kernels),
            head,
            contrastiveShare: setting.contrastiveShare,
            temperature: Self.temperature
        )
    }

    func evaluate(_ objective: BurstObjective) -> Double {
        objective.evaluate(batch, labels: labels, weights: weights)
    }
}

extension Burst.Outcome {
    /// The dense body that it serves.
    func merged(_ configuration: ModelConfiguration) -> BodyParameters {
        adapter?.merged(into: parameters, configuration: configuration) ?? parameters
    }
}

/// The norm of a − b over that of b, in double precision; infinite where the counts differ.
func relativeDistance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    let size = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    return (difference / size).squareRoot()
}

/// The largest error seen, and of what; not a number counts as infinite.
struct Worst: CustomStringConvertible {
    private(set) var error = 0.0
    private(set) var name = "nothing"
    var description: String { "\(error) of \(name)" }

    mutating func note(_ error: Double, _ name: String) {
        let error = error.isNaN ? Double.infinity : error
        if error > self.error { (self.error, self.name) = (error, name) }
    }
}
