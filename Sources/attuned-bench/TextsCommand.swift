import ArgumentParser
import Inference
import Tensors
import Tokenization
import Transformer

/// Texts from end to end within the process: tokenized, batched and embedded as the daemon does it.
struct TextsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "texts",
        abstract: "Texts a second with tokenizing, through the engine that the daemon answers with.",
        discussion: """
            The first 1024 texts of the file, in its order and sorted by length, as one request: tokenized, then computed in \
            batches of at most 512 tokens without padding. The median of three passes.
            """)

    @Argument(help: "Model directory in the Hugging Face layout.")
    var model: String

    @Argument(help: "CSV file with a column 'text'.")
    var file: String

    @Option(help: ArgumentHelp("Weights that are read: \(WeightPrecision.list).", valueName: "precision"))
    var precision = WeightPrecision.bfloat16

    @Flag(help: "One pass of each.")
    var quick = false

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: ReportOptions

    func run() async throws {
        try Measurement.prepare()
        let texts = try BenchFile.texts(file)
        let model = try Measurement.makeModel(directory: model, precision: precision)
        var options = InferenceEngine.Options()
        options.threads = engine.threads
        let body = Body(encoder: model.encoder)
        let engine = InferenceEngine(
            pipeline: try Measurement.makePipeline(directory: self.model, model: model),
            revision: ServingRevision(number: 0, body: body, head: nil), options: options)
        let report = Report(output)
        let orders = [("file", texts), ("sorted", texts.sorted { $0.unicodeScalars.count < $1.unicodeScalars.count })]
        for (order, texts) in orders {
            let inputs = texts.map { TextInput($0) }
            _ = try await engine.embed(Array(inputs.prefix(64)), client: 0)
            var seconds: [Double] = []
            for _ in 0..<(quick ? 1 : 3) {
                let clock = ContinuousClock()
                let start = clock.now
                _ = try await engine.embed(inputs, client: 0)
                seconds.append((clock.now - start) / .seconds(1))
            }
            report.add([
                "what": "texts", "precision": .text(precision.rawValue), "order": .text(order),
                "threads": .integer(options.threads), "texts": .integer(texts.count),
                "texts_per_s": .number(Double(texts.count) / Measurement.median(seconds), digits: 1),
            ])
        }
        report.finish()
        await engine.stop()
    }
}

/// The tokenizer alone.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Texts a second of the tokenizer alone, one text a call, one thread.")

    @Argument(help: "Model directory in the Hugging Face layout.")
    var model: String

    @Argument(help: "CSV file with a column 'text'.")
    var file: String

    @OptionGroup var output: ReportOptions

    func run() throws {
        let texts = try BenchFile.texts(file)
        let tokenizer = try Tokenizer(directory: model)
        var tokens = 0
        let milliseconds = Measurement.medianMilliseconds {
            tokens = texts.reduce(0) { $0 + tokenizer.encode($1, maximumLength: .max).ids.count }
        }
        let report = Report(output)
        report.add([
            "what": "tokenize", "threads": 1, "texts": .integer(texts.count),
            "tokens_per_text": .number(Double(tokens) / Double(texts.count), digits: 1),
            "texts_per_s": .number(Double(texts.count) / milliseconds * 1e3, digits: 0),
        ])
        report.finish()
    }
}
