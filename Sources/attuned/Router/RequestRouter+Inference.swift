import Inference
import Learning
import LineProtocol
import SocketServer
import Transformer
import Tuning

extension RequestRouter {
    /// The prediction for one text, where the engine computes it on this thread.
    func predictAtOnce(_ parameters: PredictParameters) throws -> PredictResult? {
        guard case .one(let input) = parameters.inputs, parameters.revision == nil else { return nil }
        try check(parameters)
        do {
            guard let answer = try engine.predictAtOnce(TextInput(input), topK: parameters.topK ?? .max) else {
                return nil
            }
            counters.add(predictions: 1)
            return .one(try Self.result(answer.prediction, revision: answer.revision))
        } catch let error as InferenceError {
            throw ProtocolError(error)
        }
    }

    func predict(_ parameters: PredictParameters, _ context: RequestContext) async throws -> PredictResult {
        try check(parameters)
        let (predictions, revision) = try await predictions(
            parameters.inputs.all, revision: parameters.revision, client: context.connection,
            topK: parameters.topK ?? .max)
        let results = try predictions.map { try Self.result($0, revision: revision) }
        if case .one = parameters.inputs, let result = results.first { return .one(result) }
        return .many(results)
    }

    func embed(_ parameters: EmbedParameters, _ context: RequestContext) async throws -> EmbedResult {
        try check(parameters.inputs.all)
        let inputs = parameters.inputs.all.map(TextInput.init)
        // A number takes two bytes at least.
        try checkReply(bytes: inputs.count * engine.revision.body.encoder.configuration.hiddenSize * 2)
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
        try check(parameters.examples.map(\.input), named: "examples")
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

    /// The number of texts and their length are bounded.
    func check(_ inputs: [Input], named name: String = "inputs") throws(ProtocolError) {
        let limits = limits.content
        guard inputs.count <= limits.inputs else {
            throw ProtocolError(
                .invalidParameters, .outOfRange,
                "'\(name)' has \(inputs.count) elements; limits.inputs allows \(limits.inputs)")
        }
        for (index, input) in inputs.enumerated() {
            let longest = max(input.text.utf8.count, input.textPair?.utf8.count ?? 0)
            guard longest <= limits.textBytes else {
                let place = inputs.count == 1 ? "the text" : "text \(index) of '\(name)'"
                throw ProtocolError(
                    .invalidParameters, .outOfRange,
                    "\(place) has \(longest) bytes; limits.textBytes allows \(limits.textBytes)")
            }
        }
    }

    private func check(_ parameters: PredictParameters) throws(ProtocolError) {
        try check(parameters.inputs.all)
        let labels = engine.revision.head?.labels.count ?? 0
        // So many bytes has a label with its score at least.
        try checkReply(bytes: parameters.inputs.all.count * min(labels, parameters.topK ?? labels) * 26)
    }

    /// Refuses what is sure to have a reply that is too long before it is computed.
    private func checkReply(bytes: Int) throws(ProtocolError) {
        let most = limits.server.replyBytes
        guard bytes <= most else {
            throw ProtocolError(
                .invalidParameters, .outOfRange,
                "the reply would have more than \(bytes) bytes; limits.replyBytes allows \(most): ask for less at a time"
            )
        }
    }

    /// Predictions by `revision`, or the one that serves.
    private func predictions(
        _ inputs: [Input], revision: Int?, client: UInt64, topK: Int
    ) async throws -> (predictions: [Prediction], revision: Int) {
        let answer = try await translated(.revision) {
            let texts = inputs.map(TextInput.init)
            guard let revision, revision != engine.revision.number else {
                return try await engine.predict(texts, client: client, revision: nil, topK: topK)
            }
            return try await learner.with(revision: revision) { [engine] chosen in
                try await engine.predict(texts, client: client, revision: chosen, topK: topK)
            }
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
