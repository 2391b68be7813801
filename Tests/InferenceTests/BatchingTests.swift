import Inference
import Tensors
import Testing
import Transformer

@Suite struct `A text's answer` {
    /// A kernel set and whether a classifier's pooler or the mean makes the features.
    struct Path: Sendable, CustomTestStringConvertible {
        let kernels: VectorKernels
        let hasClassifier: Bool
        var testDescription: String { "\(kernels.name), \(hasClassifier ? "pooler" : "mean")" }

        static let all = VectorKernels.available.flatMap { kernels in
            [true, false].map { Path(kernels: kernels, hasClassifier: $0) }
        }
    }

    @Test(arguments: Path.all)
    func `is the same to the bit alone and in a crowd of clients`(path: Path) async throws {
        let model = try TinyModel(hasClassifier: path.hasClassifier).load(kernels: path.kernels)
        let inputs = texts(600, seed: 1)
        let expected = inputs.map { bits(model.alone($0)) }
        try await withEngine(.serving(model, threads: 2)) { engine in
            let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<24 {
                    group.addTask {
                        var wrong = 0
                        var random = SeededGenerator(UInt64(client))
                        for _ in 0..<20 {
                            let start = Int.random(in: 0..<595, using: &random)
                            let range = start..<start + Int.random(in: 1...5, using: &random)
                            let answer = try await engine.embed(Array(inputs[range]), client: UInt64(client % 12))
                            if answer.embeddings.map({ bits($0.features) }) != Array(expected[range]) { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(wrong == 0)
            #expect(engine.queueLength == 0)
        }
    }

    @Test(arguments: [1, 3, 40, 100_000])
    func `is the same to the bit whatever a batch may hold`(batchTokens: Int) async throws {
        let model = try TinyModel().load()
        let inputs = texts(300, seed: 2)
        try await withEngine(.serving(model, batchTokens: batchTokens)) { engine in
            let answer = try await engine.embed(inputs, client: 1)
            #expect(answer.embeddings.map { bits($0.features) } == inputs.map { bits(model.alone($0)) })
            #expect(answer.revision == 1)
        }
    }

    @Test func `is the same to the bit where it is given at once`() async throws {
        let model = try TinyModel(hasClassifier: true).load()
        try await withEngine(.serving(model)) { engine in
            for input in texts(100, seed: 5) {
                let expected = try await engine.predict([input], client: 1, topK: 2)
                let answer = try #require(try engine.predictAtOnce(input, topK: 2))
                #expect(answer.revision == expected.revision)
                #expect(answer.prediction.scores.map(\.label) == expected.predictions[0].scores.map(\.label))
                #expect(
                    bits(answer.prediction.scores.map(\.score)) == bits(expected.predictions[0].scores.map(\.score)))
            }
        }
    }

    @Test func `is given at once for a short text alone`() async throws {
        let model = try TinyModel(hasClassifier: true).load()
        try await withEngine(.serving(model)) { engine in
            let short = try engine.predictAtOnce(TextInput("a b c"))
            let long = try engine.predictAtOnce(TextInput(String(repeating: "a ", count: 400)))
            #expect(short != nil)
            #expect(long == nil)
        }
        let unlabelled = try TinyModel(hasClassifier: false).load()
        try await withEngine(.serving(unlabelled)) { engine in
            _ = #expect(throws: InferenceError.noLabels) { _ = try engine.predictAtOnce(TextInput("a b c")) }
        }
    }

    @Test func `is the same to the bit from the learner's extractor`() throws {
        let model = try TinyModel().load()
        let inputs = texts(200, seed: 3)
        let features = try FeatureExtractor(pipeline: model.pipeline, body: model.body, batchTokens: 100)
            .features(inputs)
        #expect(features.map(bits) == inputs.map { bits(model.alone($0)) })
    }

    @Test func `is the same from the extractor for a text longer than a batch, alone, between others and again`() throws
    {
        let model = try TinyModel().load()
        let extractor = FeatureExtractor(pipeline: model.pipeline, body: model.body, batchTokens: 1)
        let long = TextInput(String(repeating: "a b ", count: 400))
        let inputs = [TextInput("a"), long, TextInput("b c"), long]
        let expected = inputs.map { bits(model.alone($0)) }
        #expect(try extractor.features([long]).map(bits) == [expected[1]])
        #expect(try extractor.features(inputs).map(bits) == expected)
        #expect(try extractor.features(inputs, workspace: extractor.makeWorkspace()).map(bits) == expected)
        #expect(try extractor.features([]).isEmpty)
    }
}

@Suite struct `Clients that share an engine` {
    @Test func `are answered while another's texts wait`() async throws {
        let model = try TinyModel.slow.load()
        let input = TextInput("a b c")
        try await withEngine(.serving(model)) { engine in
            let crowd = try await engine.queue { try await $0.embed(texts(8000, seed: 4), client: 1) }
            for _ in 0..<3 {
                let answer = try await engine.predict([input], client: 2)
                #expect(engine.queueLength > 0)
                #expect(answer.predictions.count == 1)
            }
            crowd.cancel()
            await #expect(throws: CancellationError.self) { try await crowd.value }
        }
    }

    @Test func `get their answers in the order of their texts`() async throws {
        let model = try TinyModel().load()
        let inputs = texts(500, seed: 5)
        try await withEngine(.serving(model, threads: 2, batchTokens: 64)) { engine in
            async let first = engine.embed(inputs, client: 1)
            async let second = engine.embed(inputs.reversed(), client: 1)
            async let third = engine.embed(inputs, client: 2)
            let (one, two, three) = try await (first, second, third)
            #expect(one.embeddings == three.embeddings)
            #expect(one.embeddings == two.embeddings.reversed())
        }
    }

    @Test func `do not have a cancelled request computed`() async throws {
        let model = try TinyModel.slow.load()
        try await withEngine(.serving(model)) { engine in
            let crowd = try await engine.queue { try await $0.embed(texts(4000, seed: 6), client: 1) }
            crowd.cancel()
            // Dropped at once when a batch is next taken: computed, they would go by the few texts of each batch.
            let lengths = await engine.queueDrains()
            #expect(lengths <= 2)
            await #expect(throws: CancellationError.self) { try await crowd.value }
            // The same client is served as before.
            let input = TextInput("x y z")
            let answer = try await engine.embed([input], client: 1)
            #expect(answer.embeddings[0].features == model.alone(input))
        }
    }

    @Test func `that were cancelled before they asked get no answer`() async throws {
        let model = try TinyModel().load()
        try await withEngine(.serving(model)) { engine in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await engine.embed([TextInput("a")], client: 1)
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(await engine.queueDrains() <= 1)
        }
    }

    @Test func `are refused when too many texts wait, and leave nothing behind`() async throws {
        let model = try TinyModel.slow.load()
        try await withEngine(.serving(model, queuedTexts: 10)) { engine in
            // Let in whole, though larger than the limit.
            let crowd = try await engine.queue { try await $0.embed(texts(4000, seed: 7), client: 1) }
            for client in [1, 2] as [UInt64] {
                let before = engine.queueLength
                await #expect(throws: InferenceError.overloaded) {
                    try await engine.predict(texts(5000, longest: 1, seed: 8), client: client)
                }
                #expect(engine.queueLength <= before)
            }
            crowd.cancel()
            await #expect(throws: CancellationError.self) { try await crowd.value }
            _ = await engine.queueDrains()
            let answer = try await engine.predict([TextInput("a")], client: 2)
            #expect(answer.predictions.count == 1)
        }
    }
}
