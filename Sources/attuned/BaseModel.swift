import Foundation
import Inference
import Learning
import Storage
import Tensors
import Tokenization
import Transformer

/// The pretrained model that everything starts from, loaded, but for its tokenizer, which may still be being read.
struct BaseModel: Sendable {
    let name: String
    let architecture: String
    let parameterCount: Int
    let identity: BaseModelIdentity
    private let tokenizing: Task<TextPipeline, any Error>
    /// The model as it answers before any revision, and as tuning starts from it.
    let learning: LearningBase

    /// Loads the model directory `directory`, to answer with weights of `precision`, computing with `choice`.
    ///
    /// - Parameters:
    ///   - isServed: whether the weights should be packed already, as requests will be answered with them.
    ///   - memo: what may know the digests of the model's files.
    /// - Throws: an error that names the file and what is wrong with it.
    init(
        directory: String, name: String?, precision: WeightPrecision, choice: Processor.Choice, isServed: Bool = false,
        memo: DigestMemo? = nil
    ) async throws {
        let path = URL(filePath: directory).standardizedFileURL.path(percentEncoded: false)
        let name = name ?? path.split(separator: "/").last.map(String.init) ?? path
        // Reading all of the weights takes as long as all the rest.
        async let identified = BaseModelIdentity(name: name, directory: directory, memo: memo)
        let model = try TextModel(directory: directory, precision: precision)
        async let prepared: Void = isServed ? model.encoder.prepare(threads: Self.packers) : ()
        let configuration = model.configuration
        tokenizing = Task {
            try TextPipeline(
                tokenizer: Tokenizer(directory: directory),
                maximumTokens: Tokenizer.maximumLength(directory: directory) ?? configuration.positionCount,
                model: configuration)
        }
        self.name = name
        await prepared
        identity = try await identified
        architecture = model.configuration.architecture
        parameterCount = model.parameterCount
        learning = LearningBase(
            directory: path, digest: identity.digest, model: model, kernels: choice.kernelPath)
    }

    /// Threads that pack weights at the start, when nobody else wants the processors; more would wait for memory.
    static let packers = min(4, ProcessInfo.processInfo.activeProcessorCount)

    /// What makes texts into the model's tokens, once it has been read.
    ///
    /// - Throws: an error that names the tokenizer's file and what is wrong with it.
    func pipeline() async throws -> TextPipeline { try await tokenizing.value }
}
