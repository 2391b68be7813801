import Foundation
import Inference
import Testing
import Tokenization
import Transformer

@Suite struct `Inputs` {
    @Test func `that are none have no predictions`() async throws {
        try await withEngine(.serving(TinyModel().load())) { engine in
            let predicted = try await engine.predict([], client: 1)
            #expect(predicted.predictions.isEmpty)
            #expect(predicted.revision == 1)
            let embedded = try await engine.embed([], client: 1)
            #expect(embedded.embeddings.isEmpty)
        }
    }

    @Test func `are scored for every label, the highest first`() async throws {
        let model = try TinyModel().load()
        let input = TextInput("a b c")
        try await withEngine(.serving(model)) { engine in
            let prediction = try await engine.predict([input], client: 1).predictions[0]
            let probabilities = try #require(model.head).probabilities(model.alone(input).span)
            let expected = zip(TinyModel.labels, probabilities).sorted { $0.1 > $1.1 }
            #expect(prediction.scores == expected.map { Prediction.Score(label: $0, score: $1) })
            #expect(!prediction.truncated)

            let even = ClassificationHead(
                labels: ["b", "c", "a"], featureCount: 24, weight: Array(repeating: 0, count: 72), bias: [0, 0, 0])
            engine.adopt(ServingRevision(number: 2, body: model.body, head: even))
            let tie = try await engine.predict([input], client: 1).predictions[0]
            #expect(tie.scores.map(\.label) == ["a", "b", "c"])
        }
    }

    @Test func `cannot be predicted without labels`() async throws {
        let model = try TinyModel().load()
        let empty = ClassificationHead(labels: [], featureCount: 24, weight: [], bias: [])
        try await withEngine(.serving(model)) { engine in
            for head in [nil, empty] {
                engine.adopt(ServingRevision(number: 2, body: model.body, head: head))
                for inputs in [[], [TextInput("a")]] {
                    await #expect(throws: InferenceError.noLabels) { try await engine.predict(inputs, client: 1) }
                }
                let answer = try await engine.embed([TextInput("a")], client: 1)
                #expect(answer.embeddings.count == 1)
            }
        }
    }

    /// Two special tokens and one for each word.
    @Test(arguments: [(8, 6, false), (8, 7, true), (8, 5000, true), (40, 38, false), (40, 39, true), (512, 39, true)])
    func `that are too long are cut and say so`(maximum: Int, words: Int, isCut: Bool) async throws {
        let model = try TinyModel().load(maximumTokens: maximum)
        // The model has 40 positions.
        let kept = min(maximum, 40) - 2
        func text(_ count: Int) -> TextInput { TextInput(Array(repeating: "a", count: count).joined(separator: " ")) }
        try await withEngine(.serving(model, batchTokens: 16)) { engine in
            let answer = try await engine.embed([text(words), text(1)], client: 1).embeddings
            #expect(answer.map(\.truncated) == [isCut, false])
            #expect(bits(answer[0].features) == bits(model.alone(text(min(words, kept)))))
            let predicted = try await engine.predict([text(words)], client: 1)
            #expect(predicted.predictions[0].truncated == isCut)
        }
    }

    @Test func `of two texts are not one text, nor the two the other way round`() async throws {
        let model = try TinyModel().load()
        let pair = TextInput("a b", pair: "c")
        let others = [TextInput("a b"), TextInput("a b c"), TextInput("a b", pair: ""), TextInput("c", pair: "a b")]
        try await withEngine(.serving(model)) { engine in
            let answer = try await engine.embed([pair] + others, client: 1).embeddings
            #expect(bits(answer[0].features) == bits(model.alone(pair)))
            for other in answer.dropFirst() {
                #expect(other.features != answer[0].features)
            }
        }
    }

    private static let oddities = ["", " ", "\0\u{7f}\u{200b}", "\u{fffd}", "🤷🏽‍♀️", "[CLS]"]

    @Test(arguments: oddities.indices)
    func `of nothing that the tokenizer knows are answered`(number: Int) async throws {
        let text = Self.oddities[number]
        try await withEngine(.serving(TinyModel().load())) { engine in
            for input in [TextInput(text), TextInput(text, pair: text)] {
                let answer = try await engine.embed([input], client: 1).embeddings[0]
                #expect(answer.features.count == 24)
                let isFinite = answer.features.allSatisfy(\.isFinite)
                #expect(isFinite)
            }
        }
    }

    @Test func `of two texts are refused by a model of one type, with nothing queued`() async throws {
        let model = try TinyModel(typeCount: 1).load()
        try await withEngine(.serving(model)) { engine in
            let inputs = [TextInput("a"), TextInput("a", pair: "b")]
            let error = await #expect(throws: InferenceError.self) { try await engine.embed(inputs, client: 1) }
            #expect(error == .unsuitable("token type 1 is beyond the model's 1"))
            let answer = try await engine.embed([inputs[0]], client: 1)
            #expect(answer.embeddings.count == 1)
        }
    }
}

@Suite struct `A tokenizer and a model` {
    @Test func `are refused where ids exceed the vocabulary`() throws {
        _ = try TinyModel(vocabularySize: 30).load(tokens: 30)
        let error = #expect(throws: InferenceError.self) { try TinyModel(vocabularySize: 30).load(tokens: 31) }
        #expect(error == .unsuitable("tokenizer.json has 31 tokens, but config.json says vocab_size 30"))
    }

    /// An empty text would have no token, and no vector could be made of it.
    @Test(arguments: [
        "null",
        #"{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}], "#
            + #""pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}], "#
            + #""special_tokens": {}}"#,
    ])
    func `are refused where nothing is added to a text`(processor: String) throws {
        let json = TinyModel.tokenizer(tokens: 30, processor: processor)
        let tokenizer = try Tokenizer(json: Data(json.utf8), path: "tokenizer.json")
        let model = try TinyModel().load().body.encoder.configuration
        let error = #expect(throws: InferenceError.self) {
            try TextPipeline(tokenizer: tokenizer, maximumTokens: 40, model: model)
        }
        #expect(error?.description.contains("adds no special tokens") == true)
    }
}
