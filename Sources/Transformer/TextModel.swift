import Safetensors
package import Tensors

/// A model directory as published on the Hub, loaded: a body, and a head if the checkpoint brings one.
package struct TextModel: Sendable {
    package let configuration: ModelConfiguration
    package let encoder: TextEncoder
    /// The checkpoint's own classifier.
    package let head: ClassificationHead?
    package let parameterCount: Int
    /// What the checkpoint has before the names of a plain encoder's tensors: `wrapperPrefix`, or nothing.
    package let namePrefix: String

    /// Before an encoder's names where it was saved as a part of a model for a task.
    package static let wrapperPrefix = "bert."

    /// Loads `directory`: config.json, model.safetensors or its shards, modules.json.
    ///
    /// Every tensor of the checkpoint must be used, but for those that this use of it is known not to need (the
    /// pooler under a sentence encoder, a language-modelling head, the position_ids buffer).
    /// - Throws: `ModelError` naming what is missing, wrong, unsupported or left over.
    package init(
        directory: String, precision: WeightPrecision = .float32, kernels: VectorKernels = .best
    ) throws(ModelError) {
        let configuration = try ModelConfiguration(directory: directory)
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(directory: directory)
        } catch {
            throw ModelError(.unreadable, String(describing: error))
        }
        let root = ParameterScope(checkpoint)
        let isPrefixed = root.contains("\(Self.wrapperPrefix)embeddings.word_embeddings.weight")
        namePrefix = isPrefixed ? Self.wrapperPrefix : ""
        let scope = isPrefixed ? root["bert"] : root
        let classifier = root.shape("classifier.weight")
        let parameters = try BodyParameters(scope, configuration: configuration, withPooler: classifier != nil)

        var head: ClassificationHead?
        var plan = try PoolingPlan(directory: directory)
        if let shape = classifier {
            plan = PoolingPlan(pooling: .pooler, normalizes: false)
            head = try Self.head(root, labelCount: shape.first ?? 0, configuration: configuration)
        }
        Self.ignoreUnneeded(root: root, body: scope)
        try root.checkAllUsed()

        self.configuration = configuration
        self.head = head
        parameterCount = checkpoint.names.reduce(0) { sum, name in
            guard let entry = checkpoint.entry(name), entry.elementType.isFloatingPoint else { return sum }
            return sum + entry.shape.reduce(1, *)
        }
        encoder = TextEncoder(
            parameters, configuration: configuration, plan: plan, precision: precision, kernels: kernels)
    }

    /// Accepts what a body is known to do without: the pooler under a sentence encoder, a language-modelling head.
    static func ignoreUnneeded(root: ParameterScope, body: ParameterScope) {
        body.ignore(["pooler."])
        root.ignore(["cls."])
    }

    /// The checkpoint's classifier, with the labels of config.json.
    private static func head(
        _ root: ParameterScope, labelCount: Int, configuration: ModelConfiguration
    ) throws(ModelError) -> ClassificationHead {
        // A tagger's classifier has the same name, and is for tokens.
        guard ["BertForSequenceClassification", "BertModel"].contains(configuration.architecture) else {
            throw ModelError(
                .unsupported,
                """
                config.json: a classifier of architectures '\(configuration.architecture)' is not supported; supported: \
                BertForSequenceClassification
                """)
        }
        if let type = configuration.problemType, type != "single_label_classification" {
            throw ModelError(
                .unsupported,
                "config.json: problem_type '\(type)' is not supported; supported: single_label_classification")
        }
        guard labelCount > 1 else {
            throw ModelError(
                .unsupported, "classifier.weight has \(labelCount) row; a classifier needs one for each of its classes")
        }
        let labels = configuration.labels ?? (0..<labelCount).map { "LABEL_\($0)" }
        guard labels.count == labelCount else {
            throw ModelError(
                .malformed, "config.json names \(labels.count) labels, but classifier.weight has \(labelCount) rows")
        }
        let classifier = try LinearParameters(
            root["classifier"], inputSize: configuration.hiddenSize, outputSize: labelCount)
        return ClassificationHead(
            labels: labels, featureCount: configuration.hiddenSize, weight: classifier.weight.values,
            bias: classifier.bias.values)
    }
}
