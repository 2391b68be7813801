import Inference
import Learning
import LineProtocol
import SocketServer
import Tuning

extension RequestRouter {
    func predict(_ parameters: PredictParameters, _ context: RequestContext) async throws -> PredictResult {
        let (predictions, revision) = try await predictions(
            parameters.inputs.all, revision: parameters.revision, client: context.connection,
            topK: parameters.topK ?? .max)
        let results = try predictions.map { try Self.result($0, revision: revision) }
        if case .one = parameters.inputs, let result = results.first { return .one(result) }
        return .many(results)
    }

    func embed(_ parameters: EmbedParameters, _ context: RequestContext) async throws -> EmbedResult {
        let inputs = parameters.inputs.all.map(TextInput.init)
        let (embeddings, revision) = try await translated(.revision) {
            try await engine.embed(inputs, client: context.connection)
        }
        if !context.isOwn { counters.add(embeddings: inputs.count) }
        if case .one = parameters.inputs, let text = embeddings.first {
            return .one(EmbeddingResult(embedding: text.features, truncated: text.truncated, revision: revision))
        }
        return .many(
            EmbeddingsResult(
                embeddings: embeddings.map(\.features), truncated: embeddings.map(\.truncated), revision: revision))
    }

    func evaluate(_ parameters: EvaluateParameters, _ context: RequestContext) async throws -> EvaluateResult {
        guard parameters.examples.count <= Limits.inputs else {
            throw ProtocolError(
                .invalidParameters, .outOfRange,
                "'examples' has \(parameters.examples.count) elements; at most \(Limits.inputs) are allowed")
        }
        let (predictions, revision) = try await predictions(
            parameters.examples.map(\.input), revision: parameters.revision, client: context.connection, topK: 1)
        let report = Evaluation(
            zip(parameters.examples, predictions).map { example, prediction in
                Evaluation.Outcome(
                    label: example.label, predicted: prediction.scores[0].label, score: prediction.scores[0].score,
                    slice: example.slice)
            })
        return EvaluateResult(
            count: report.count, accuracy: report.accuracy, macroF1: report.macroF1,
            expectedCalibrationError: report.expectedCalibrationError,
            labels: report.labels.map {
                .init(label: $0.label, support: $0.support, precision: $0.precision, recall: $0.recall, f1: $0.f1)
            },
            slices: report.slices.map { .init(slice: $0.slice, count: $0.count, accuracy: $0.accuracy) },
            revision: revision)
    }

    /// Predictions by `revision`, or the one that serves.
    private func predictions(
        _ inputs: [Input], revision: Int?, client: UInt64, topK: Int
    ) async throws -> (predictions: [Prediction], revision: Int) {
        let answer = try await translated(.revision) {
            var chosen: ServingRevision?
            if let revision, revision != engine.revision.number {
                chosen = try await learner.held(revision)
            }
            return try await engine.predict(inputs.map(TextInput.init), client: client, revision: chosen, topK: topK)
        }
        counters.add(predictions: inputs.count)
        return answer
    }

    private static func result(_ prediction: Prediction, revision: Int) throws -> PredictionResult {
        guard let best = prediction.scores.first else { throw ProtocolError(InferenceError.noLabels) }
        return PredictionResult(
            label: best.label, score: best.score,
            scores: prediction.scores.map { LabelScore(label: $0.label, score: $0.score) },
            truncated: prediction.truncated, revision: revision)
    }
}

extension TextInput {
    init(_ input: Input) { self.init(input.text, pair: input.textPair) }
}
