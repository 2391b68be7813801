import Foundation
import Synchronization
import Tensors
import Tokenization
import Transformer

/// Answers with the revision that serves: tokenizes, batches, computes on threads of its own, or one short text at once.
package final class InferenceEngine: Sendable {
    /// How the engine is dimensioned.
    package struct Options: Sendable {
        /// Threads that compute batches.
        package var threads = 1
        /// Tokens in one batch.
        package var batchTokens = 512
        /// Texts that may wait, over all clients.
        package var queuedTexts = 65_536

        package init() {}
    }

    package let pipeline: TextPipeline
    private let batcher: Batcher
    private let serving: Mutex<ServingRevision>
    private let threads: ThreadGroup
    /// Where texts are computed at once.
    private let desk: Mutex<Desk>
    /// Tokens of a text that is computed at once, at most.
    private let tokensAtOnce: Int

    /// So many weights times tokens take a few milliseconds with the widest vectors: 64 tokens of MiniLM's six layers.
    private static let workAtOnce = 700_000_000
    private static let widestVector = 16
    private static let mostAtOnce = 64
    /// Texts with more bytes a token are not looked at.
    private static let bytesPerToken = 8

    /// Starts the threads; `revision` serves until another is adopted.
    package init(pipeline: TextPipeline, revision: ServingRevision, options: Options = Options()) {
        self.pipeline = pipeline
        let batcher = Batcher(tokenLimit: options.batchTokens, capacity: options.queuedTexts)
        self.batcher = batcher
        serving = Mutex(revision)
        let encoder = revision.body.encoder
        let work = Self.workAtOnce * encoder.kernels.vectorWidth / Self.widestVector
        tokensAtOnce = min(Self.mostAtOnce, work / max(encoder.configuration.linearWeightCount, 1))
        desk = Mutex(Desk(tokens: tokensAtOnce))
        let capacity = max(options.batchTokens, pipeline.maximumTokens)
        threads = ThreadGroup(count: max(1, options.threads), name: "inference") {
            Self.work(batcher, capacity: capacity)
        }
    }

    /// The revision that serves now.
    package var revision: ServingRevision { serving.withLock { $0 } }

    /// Texts that wait to be computed.
    package var queueLength: Int { batcher.waiting }

    /// Starts to serve `revision`; requests on their way finish on the one they began with.
    package func adopt(_ revision: ServingRevision) {
        serving.withLock { $0 = revision }
    }

    /// The predictions for `inputs`, by `revision` or the one that serves, with the best `topK` labels.
    ///
    /// - Throws: `InferenceError`, or `CancellationError` when the task is cancelled.
    package func predict(
        _ inputs: [TextInput], client: UInt64, revision: ServingRevision? = nil, topK: Int = .max
    ) async throws -> (predictions: [Prediction], revision: Int) {
        let revision = revision ?? self.revision
        guard let head = revision.head, !head.labels.isEmpty else { throw InferenceError.noLabels }
        let texts = try await embed(inputs, client: client, body: revision.body)
        var predictions: [Prediction] = []
        predictions.reserveCapacity(texts.count)
        for text in texts {
            predictions.append(Self.prediction(text, head: head, topK: topK))
            if predictions.count.isMultiple(of: 64) {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        return (predictions, revision.number)
    }

    /// The prediction for a short text, computed on the calling thread; nil where it would take long or others wait.
    ///
    /// - Throws: `InferenceError`.
    package func predictAtOnce(
        _ input: TextInput, topK: Int = .max
    ) throws(InferenceError) -> (prediction: Prediction, revision: Int)? {
        let bytes = input.text.utf8.count + (input.textPair?.utf8.count ?? 0)
        guard bytes <= Self.bytesPerToken * tokensAtOnce, queueLength == 0 else { return nil }
        let revision = self.revision
        guard let head = revision.head, !head.labels.isEmpty else { throw .noLabels }
        let encoding = try pipeline.encode(input, for: revision.body.encoder)
        guard encoding.ids.count <= tokensAtOnce else { return nil }
        let features = desk.withLock { $0.features([encoding], by: revision.body) }[0]
        let text = EmbeddedText(features: features, truncated: encoding.truncated)
        return (Self.prediction(text, head: head, topK: topK), revision.number)
    }

    /// The features of `inputs`, by the body that serves.
    ///
    /// - Throws: `InferenceError`, or `CancellationError` when the task is cancelled.
    package func embed(
        _ inputs: [TextInput], client: UInt64
    ) async throws -> (embeddings: [EmbeddedText], revision: Int) {
        let revision = self.revision
        return (try await embed(inputs, client: client, body: revision.body), revision.number)
    }

    /// Answers what is queued, refuses what comes later, and ends the threads.
    package func stop() async {
        batcher.stop()
        await threads.ended()
    }

    private func embed(_ inputs: [TextInput], client: UInt64, body: Body) async throws -> [EmbeddedText] {
        if inputs.isEmpty { return [] }
        var encodings: [Encoding] = []
        encodings.reserveCapacity(inputs.count)
        for input in inputs {
            encodings.append(try pipeline.encode(input, for: body.encoder))
            if encodings.count.isMultiple(of: 256) {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        let request = PendingRequest(body: body, encodings: encodings)
        let features = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard request.begin(continuation) else { return }
                do {
                    try batcher.add(request, client: client)
                } catch {
                    request.fail(error)
                }
            }
        } onCancel: {
            request.fail(CancellationError())
        }
        return zip(features, encodings).map { EmbeddedText(features: $0, truncated: $1.truncated) }
    }

    private static func prediction(_ text: EmbeddedText, head: ClassificationHead, topK: Int) -> Prediction {
        let probabilities = head.probabilities(text.features.span)
        let isBefore = { (a: Int, b: Int) in
            probabilities[a] == probabilities[b]
                ? head.labels[a] < head.labels[b] : probabilities[a] > probabilities[b]
        }
        let best =
            topK == 1
            ? probabilities.indices.min(by: isBefore).map { [$0] } ?? []
            : Array(probabilities.indices.sorted(by: isBefore).prefix(topK))
        let scores = best.map { Prediction.Score(label: head.labels[$0], score: probabilities[$0]) }
        return Prediction(scores: scores, truncated: text.truncated)
    }

    /// One thread's work: batch after batch until the batcher is stopped.
    private static func work(_ batcher: Batcher, capacity: Int) {
        var desk = Desk(tokens: capacity)
        while let items = batcher.next() {
            guard let body = items.first?.request.body else { continue }
            let features = desk.features(items.map { $0.request.encodings[$0.index] }, by: body)
            for (item, features) in zip(items, features) {
                item.request.complete(item.index, with: features)
            }
        }
    }
}
