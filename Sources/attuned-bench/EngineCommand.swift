import ArgumentParser
import Dispatch
import Synchronization
import Tensors
import Transformer

/// The encoder alone, on random token ids.
struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Time the encoder on batches of token ids, beside what the processor can do.",
        discussion: """
            'ms' is the median of one batch, its texts split over the threads; 'texts_per_s' is what comes of batch after \
            batch on each thread, as under load. 'gflops' counts the multiply-adds of the whole encoder, the six linear \
            products of each block and its attention, as two each; 'share' is the part of the limit that was measured in \
            the same run. 'weights_gb_per_s' is how fast the weights went by, once a batch and thread.
            """)

    @Argument(help: "Model directory in the Hugging Face layout.")
    var model: String

    @Option(help: ArgumentHelp("Weights that are read: \(WeightPrecision.list).", valueName: "precision"))
    var precision = WeightPrecision.bfloat16

    @Flag(help: "Fewer sizes.")
    var quick = false

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: ReportOptions

    private static let shapes = [(1, 8), (1, 16), (1, 32), (1, 64), (1, 128), (8, 16), (32, 16), (32, 64)]
    private static let quickShapes = [(1, 16), (1, 64), (32, 16)]

    func run() throws {
        try Measurement.prepare()
        let encoder = try Measurement.makeModel(directory: model, precision: precision).encoder
        let report = Report(output)
        let limit = MachineLimit.multiplyAdds(threads: engine.threads)
        let single = engine.threads == 1 ? limit : MachineLimit.multiplyAdds(threads: 1)
        limit.add(to: report)
        for (sequences, tokens) in quick ? Self.quickShapes : Self.shapes {
            guard tokens <= encoder.configuration.positionCount else { continue }
            let workers = EncoderWorkers(encoder, sequences: sequences, tokens: tokens, threads: engine.threads)
            let milliseconds = Measurement.medianMilliseconds { workers.runTogether() }
            // One text is one thread's work, whatever the others do.
            let parts = min(engine.threads, sequences)
            let best = parts == 1 ? single : limit
            let gigaflops = workers.operations / milliseconds / 1e6
            let texts =
                parts == 1 && engine.threads == 1
                ? Double(sequences) / milliseconds * 1e3 : workers.textsPerSecond(seconds: 1.5)
            let weights = Double(encoder.configuration.linearWeightCount * precision.byteCount * parts)
            report.add([
                "what": "infer", "precision": .text(precision.rawValue), "batch": .integer(sequences),
                "tokens": .integer(tokens), "threads": .integer(engine.threads), "ms": .number(milliseconds, digits: 3),
                "texts_per_s": .number(texts, digits: 1), "gflops": .number(gigaflops, digits: 1),
                "share": .number(gigaflops / best.gigaflops, digits: 3),
                "weights_gb_per_s": .number(weights / milliseconds / 1e6, digits: 1),
            ])
        }
        report.finish()
    }
}

/// Threads' work on batches of one shape, each with a workspace of its own.
private struct EncoderWorkers {
    /// Additions and multiplications of one batch.
    let operations: Double
    private let encoder: TextEncoder
    private let whole: TokenBatch
    /// The batch's texts, split over the threads.
    private let parts: [TokenBatch]
    private let workspaces: [Workspace]

    init(_ encoder: TextEncoder, sequences: Int, tokens: Int, threads: Int) {
        let configuration = encoder.configuration
        self.encoder = encoder
        whole = Measurement.randomBatch(sequences: sequences, tokens: tokens, for: configuration)
        let count = min(threads, sequences)
        parts = (0..<count).map { part in
            let share = sequences * (part + 1) / count - sequences * part / count
            return Measurement.randomBatch(sequences: share, tokens: tokens, for: configuration)
        }
        workspaces = (0..<threads).map { _ in encoder.makeWorkspace(tokens: sequences * tokens) }
        let size = Double(configuration.hiddenSize)
        let products = Double(configuration.linearWeightCount) * Double(sequences * tokens)
        // Queries by keys, and weights by values: each as long as the text, twice over.
        let attention = Double(2 * configuration.layerCount * sequences) * Double(tokens * tokens) * size
        operations = 2 * (products + attention)
    }

    /// Computes the batch once, with its texts split over the threads.
    func runTogether() {
        if parts.count == 1 {
            _ = encoder.features(whole, workspace: workspaces[0])
            return
        }
        nonisolated(unsafe) let workers = self  // Each iteration uses the workspace of its own.
        DispatchQueue.concurrentPerform(iterations: parts.count) { thread in
            _ = workers.encoder.features(workers.parts[thread], workspace: workers.workspaces[thread])
        }
    }

    /// Texts a second with every thread computing whole batches, one after another.
    func textsPerSecond(seconds: Double) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let batches = Mutex(0)
        nonisolated(unsafe) let workers = self  // Each iteration uses the workspace of its own.
        DispatchQueue.concurrentPerform(iterations: workspaces.count) { thread in
            var count = 0
            repeat {
                _ = workers.encoder.features(workers.whole, workspace: workers.workspaces[thread])
                count += 1
            } while clock.now < start + .seconds(seconds)
            batches.withLock { $0 += count }
        }
        let elapsed = (clock.now - start) / .seconds(1)
        return Double(batches.withLock { $0 } * whole.sequenceCount) / elapsed
    }
}

extension WeightPrecision {
    /// For help texts.
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
