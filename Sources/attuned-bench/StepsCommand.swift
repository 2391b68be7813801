import ArgumentParser
import Inference
import Tensors
import Transformer
import Tuning

/// What learning costs: steps of a burst, and a refit of the head.
struct StepsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps", abstract: "Time training steps by method, and a refit of the head.",
        discussion: """
            A step is forward, backward and AdamW of what the method trains and of a head of 77 labels, on random token \
            ids, on one thread. The refit is what one more correction costs when 769 have been learnt.
            """)

    @Argument(help: "Model directory in the Hugging Face layout.")
    var model: String

    @Option(help: "What to train: full, full-embeddings, lora, bias or top-layers; all of them unless given.")
    var method: [StepMethod] = []

    @Flag(help: "One size of batch.")
    var quick = false

    @OptionGroup var output: ReportOptions

    private static let shapes = [(8, 16), (32, 16), (32, 64)]
    private static let labelCount = 77
    private static let correctionCount = 770

    func run() throws {
        try Measurement.prepare()
        let model = try Measurement.makeModel(directory: model, precision: .float32)
        let report = Report(output)
        for method in method.isEmpty ? StepMethod.allCases : method {
            for (sequences, tokens) in quick ? [(32, 16)] : Self.shapes {
                let milliseconds = try step(method, model, sequences: sequences, tokens: tokens)
                report.add([
                    "what": "step", "method": .text(method.rawValue), "batch": .integer(sequences),
                    "tokens": .integer(tokens), "threads": 1, "ms": .number(milliseconds, digits: 1),
                ])
            }
        }
        try refit(model, report)
        report.finish()
    }

    /// Median milliseconds of a step.
    private func step(_ method: StepMethod, _ model: TextModel, sequences: Int, tokens: Int) throws -> Double {
        let encoder = model.encoder
        let batch = Measurement.randomBatch(sequences: sequences, tokens: tokens, for: model.configuration)
        var plan = TrainableBody.Plan(
            base: encoder.parameters, configuration: model.configuration, pooling: encoder.plan, method: method.method)
        if case .lora(let low) = method.method {
            plan.adapter = try LowRankAdapter(low, for: encoder.parameters, configuration: model.configuration, seed: 0)
        }
        plan.trainsEmbeddings = method == .fullWithEmbeddings
        if plan.trainsEmbeddings { plan.vocabulary = Set(batch.ids) }
        let body = TrainableBody(
            plan, limits: BatchLimits(tokens: sequences * tokens, sequences: sequences, longest: tokens),
            kernels: encoder.kernels)
        let labels = (0..<Self.labelCount).map { "label \($0)" }
        let size = encoder.featureCount
        let head = TrainableHead(
            ClassificationHead(
                labels: labels, featureCount: size, weight: Array(repeating: 0, count: labels.count * size),
                bias: Array(repeating: 0, count: labels.count)),
            featureScale: 1, sequences: sequences, isTrained: true)
        let objective = BurstObjective(body, head, contrastiveShare: 0, temperature: 1)
        let optimizer = AdamW(objective.trained, settings: AdamWSettings(), kernels: encoder.kernels)
        let right = (0..<sequences).map { Int32($0 * 31 % labels.count) }
        let weights = [Float](repeating: 1, count: sequences)
        return try Measurement.medianMilliseconds(least: 5, seconds: 1) {
            _ = objective.evaluate(batch, labels: right, weights: weights)
            _ = try optimizer.step(learningRate: 1e-5, headLearningRate: 1e-5)
        }
    }

    /// Times the head's refit for one more correction, another one each time, warm from the head without it.
    private func refit(_ model: TextModel, _ report: Report) throws {
        let labels = (0..<Self.labelCount).map { "label \($0)" }
        let extractor = FeatureExtractor(
            pipeline: try Measurement.makePipeline(directory: self.model, model: model),
            body: Body(encoder: model.encoder))
        let texts = (0..<Self.correctionCount).map { TextInput(BenchTexts.text($0, label: $0 % labels.count)) }
        let features = try extractor.features(texts)
        let names = Dictionary(
            zip(labels, try extractor.features(labels.map { TextInput($0) })), uniquingKeysWith: { first, _ in first })
        var random = SplitMix(seed: 770)
        let examples = features.indices.map { index in
            HeadExamples.Example(
                key: ExampleKey(random.next(), random.next(), random.next(), random.next()), features: features[index],
                label: labels[index % labels.count])
        }
        var warm: [Double] = []
        var cold: [Double] = []
        let clock = ContinuousClock()
        for round in 0..<9 {
            let new = examples[round * 83]
            var all = HeadExamples(featureCount: model.encoder.featureCount)
            try all.insert(examples)
            var before = all
            before.remove([new.key])
            let without = HeadProblem(examples: before, labels: labels, names: names)
            var parent: HeadFit?
            cold.append(
                try clock.measure {
                    parent = try without.fit(parent: nil, settings: nil, isThorough: false)
                } / .milliseconds(1))
            warm.append(
                try clock.measure {
                    let problem = HeadProblem(examples: all, labels: labels, names: names)
                    _ = try problem.fit(
                        parent: parent?.head, settings: parent?.settings, isThorough: false, new: [new.key])
                } / .milliseconds(1))
        }
        for (start, times) in [("warm", warm), ("cold", cold)] {
            report.add([
                "what": "refit", "start": .text(start), "corrections": .integer(examples.count),
                "labels": .integer(labels.count), "features": .integer(model.encoder.featureCount), "threads": 1,
                "ms": .number(Measurement.median(times), digits: 1),
            ])
        }
    }
}

/// The methods that steps are timed of.
enum StepMethod: String, CaseIterable, ExpressibleByArgument {
    /// All blocks, as the daemon trains by `full`.
    case full
    /// The embeddings' tables as well, in the rows that the batch has.
    case fullWithEmbeddings = "full-embeddings"
    case lora
    case bias
    case topLayers = "top-layers"

    var method: TuningMethod {
        switch self {
        case .full, .fullWithEmbeddings: .full
        case .lora: .lora(LowRankPlan(rank: 8, alpha: 16))
        case .bias: .bias
        case .topLayers: .topLayers(2)
        }
    }
}
