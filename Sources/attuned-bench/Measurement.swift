import ArgumentParser
import Dispatch
import Foundation
import Inference
import Learning
import Tensors
import Tokenization
import Transformer

/// How things are timed here, and what is timed.
enum Measurement {
    /// Median milliseconds of `work`, after three runs that do not count.
    ///
    /// At least `least` runs and then more, until `seconds` have passed or there are 200.
    static func medianMilliseconds(
        least: Int = 7, seconds: Double = 1.5, _ work: () throws -> Void
    ) rethrows -> Double {
        for _ in 0..<3 { try work() }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var times: [Double] = []
        while times.count < least || (times.count < 200 && clock.now < end) {
            times.append(try clock.measure(work) / .milliseconds(1))
        }
        return median(times)
    }

    /// The middle of `values`, or the mean of the two in the middle; 0 if there are none.
    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Makes OpenBLAS ready, as the daemon does, and says on standard error what computes.
    static func prepare() throws {
        Heap.setUp()
        let choice = try Processor.check()
        FileHandle.standardError.write(Data("kernels: \(choice.kernelPath)\n".utf8))
    }

    /// The model of a directory, with the weights that inference reads in `precision`.
    static func makeModel(directory: String, precision: WeightPrecision) throws -> TextModel {
        try TextModel(directory: directory, precision: precision)
    }

    /// Texts to tokens, for `model` of the same directory.
    static func makePipeline(directory: String, model: TextModel) throws -> TextPipeline {
        let limit = try Tokenizer.maximumLength(directory: directory)
        return try TextPipeline(
            tokenizer: Tokenizer(directory: directory), maximumTokens: limit ?? model.configuration.positionCount,
            model: model.configuration)
    }

    /// `sequences` sequences of `tokens` random ids each, the same ones for the same arguments.
    static func randomBatch(sequences: Int, tokens: Int, for configuration: ModelConfiguration) -> TokenBatch {
        var random = SplitMix(seed: UInt64(sequences) << 32 | UInt64(tokens))
        // Of BERT's vocabulary the first thousand are special tokens, unused ones and single characters.
        let first = min(1000, configuration.vocabularySize / 2)
        let count = UInt64(configuration.vocabularySize - first)
        return TokenBatch(
            (0..<sequences).map { _ in (0..<tokens).map { _ in Int32(first) + Int32(random.next() % count) } })
    }
}

extension WeightPrecision: ExpressibleByArgument {
    /// Of one weight.
    var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        case .int8: 1
        }
    }
}
