import Foundation
import Safetensors
import Tensors
import Testing
import Transformer

/// What PyTorch computed; made by references/transformer_reference.py.
struct Reference {
    private let file: SafetensorsFile

    init(_ name: String) throws {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures"))
        file = try SafetensorsFile(path: url.path(percentEncoded: false))
    }

    func floats(_ name: String) throws -> [Float] {
        let entry = try #require(file.entries[name])
        return file.withUnsafeBytes(of: entry) { bytes in
            (0..<entry.shape.reduce(1, *)).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }

    func integers(_ name: String) throws -> [Int32] { try floats(name).map { Int32($0) } }

    /// The sequences of the reference, in order.
    func sequences() throws -> [(ids: [Int32], typeIDs: [Int32])] {
        try (0..<file.entries.keys.count { $0.hasPrefix("ids.") }).map { number in
            let ids = try integers("ids.\(number)")
            let hasTypes = file.entries["types.\(number)"] != nil
            return (ids, hasTypes ? try integers("types.\(number)") : ids.map { _ in 0 })
        }
    }
}

/// The largest absolute difference; infinite where the counts differ or a value is not a number.
func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, a.allSatisfy(\.isFinite) else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

@Suite struct `The encoder computes what PyTorch computes` {
    @Test(arguments: ["gelu", "gelu_new", "relu"])
    func `for a tiny classifier with every activation`(activation: String) throws {
        let directory = try TinyModel.write(activation: activation)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let reference = try Reference("tiny-\(activation)")
        for kernels in VectorKernels.available {
            let model = try TextModel(directory: directory, kernels: kernels)
            let head = try #require(model.head)
            #expect(head.labels == ["low", "middle", "high"])
            let workspace = model.encoder.makeWorkspace(tokens: 256)
            var worst: Float = 0
            for (number, sequence) in try reference.sequences().enumerated() {
                var batch = TokenBatch()
                batch.append(ids: sequence.ids, typeIDs: sequence.typeIDs)
                let hidden = model.encoder.withHiddenStates(batch, workspace: workspace) { $0.values }
                let features = model.encoder.features(batch, workspace: workspace)[0]
                worst = max(worst, difference(hidden, try reference.floats("hidden.\(number)")))
                worst = max(worst, difference(features, try reference.floats("pooled.\(number)")))
                worst = max(worst, difference(head.logits(features.span), try reference.floats("logits.\(number)")))
            }
            print("tiny \(activation) on \(kernels.name): largest difference to PyTorch \(worst)")
            // Two layers of sums over at most 40 values of size 1; fp32 rounding is near 1e-6.
            #expect(worst <= 1e-5)
        }
    }

    @Test func `for MiniLM on 1 to 256 tokens, alone and in mixed batches`() throws {
        let directory = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_MODEL"], "set ATTUNED_MODEL to the default model's directory")
        let reference = try Reference("minilm")
        let sequences = try reference.sequences()
        for kernels in VectorKernels.available {
            let model = try TextModel(directory: directory, kernels: kernels)
            let workspace = model.encoder.makeWorkspace(tokens: 1024)
            var alone: [[Float]] = []
            var worst: Float = 0
            for (number, sequence) in sequences.enumerated() {
                let batch = TokenBatch([sequence.ids])
                let hidden = model.encoder.withHiddenStates(batch, workspace: workspace) { $0.values }
                let sampled = stride(from: 0, to: hidden.count, by: 8).map { hidden[$0] }
                worst = max(worst, difference(sampled, try reference.floats("hidden.\(number)")))
                let features = model.encoder.features(batch, workspace: workspace)[0]
                worst = max(worst, difference(features, try reference.floats("features.\(number)")))
                alone.append(hidden)
            }
            let mixed = model.encoder.withHiddenStates(TokenBatch(sequences.map(\.ids)), workspace: workspace) {
                $0.values
            }
            let apart = difference(mixed, alone.flatMap { $0 })
            print("MiniLM on \(kernels.name): largest difference to PyTorch \(worst), alone to in a batch \(apart)")
            #expect(worst <= 1e-4)
            // The kernels add up in one order for every batch size.
            #expect(apart == 0)
        }
    }
}
