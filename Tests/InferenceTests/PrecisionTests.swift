import Foundation
import Tensors
import Testing
import Tokenization
import Transformer

struct `Embeddings in fewer bits` {
    /// Texts of several kinds and lengths.
    private static let texts: [String] = {
        let things = ["card", "transfer", "invoice", "top-up", "exchange rate", "direct debit", "passcode", "refund"]
        let frames = [
            "Where is my %?", "My % has still not arrived, and I have been waiting for three weeks now.",
            "ERROR: % failed with code 500 at 2024-05-01T10:00:00Z", "please cancel the %", "%",
            "I was charged twice for the same %. Could you look into it, and tell me how long that takes?",
            "Ich verstehe nicht, warum mein % abgelehnt wurde", "CONGRATULATIONS!!! you have WON a free %, click here",
        ]
        return frames.flatMap { frame in things.map { frame.replacing("%", with: $0) } }
    }()

    @Test(arguments: [(WeightPrecision.bfloat16, Float(0.9999)), (.int8, 0.995)])
    func `are nearly those in fp32`(precision: WeightPrecision, least: Float) throws {
        let directory = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_MODEL"], "set ATTUNED_MODEL to the default model's directory")
        let tokenizer = try Tokenizer(directory: directory)
        let ids = Self.texts.map { tokenizer.encode($0, maximumLength: 256).ids }
        for kernels in VectorKernels.available {
            let encoders = try [WeightPrecision.float32, precision].map {
                try TextModel(directory: directory, precision: $0, kernels: kernels).encoder
            }
            let features = encoders.map { $0.features(TokenBatch(ids), workspace: $0.makeWorkspace(tokens: 4096)) }
            let alone = ids.map {
                encoders[1].features(TokenBatch([$0]), workspace: encoders[1].makeWorkspace(tokens: 256))[0]
            }
            #expect(alone == features[1], "\(kernels.name)")
            // All are of length 1.
            let cosines = zip(features[0], features[1]).map { zip($0, $1).reduce(0) { $0 + $1.0 * $1.1 } }
            print("\(precision.rawValue) on \(kernels.name): smallest cosine to fp32 \(cosines.min() ?? 0)")
            #expect(cosines.allSatisfy { $0 >= least })
        }
    }
}
