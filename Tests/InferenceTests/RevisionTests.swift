import Inference
import Testing
import Transformer

@Suite struct `Revisions that follow each other` {
    /// Revision `number`: one of two bodies, and a head of its own.
    private func revision(_ number: Int, _ models: [TinyModel.Loaded]) -> ServingRevision {
        var random = SeededGenerator(UInt64(number))
        let weight = (0..<3 * 24).map { _ in Float.random(in: -2...2, using: &random) }
        let head = ClassificationHead(
            labels: TinyModel.labels, featureCount: 24, weight: weight, bias: [0, 0.1, Float(number) / 100])
        return ServingRevision(number: number, body: models[number % 2].body, head: head)
    }

    /// What a revision must answer, computed without the engine.
    private func expected(
        _ input: TextInput, _ revision: ServingRevision, _ models: [TinyModel.Loaded]
    ) -> [String: UInt32] {
        let features = models[revision.number % 2].alone(input)
        let probabilities = revision.head?.probabilities(features.span) ?? []
        return Dictionary(uniqueKeysWithValues: zip(TinyModel.labels, bits(probabilities)))
    }

    private func answered(_ prediction: Prediction) -> [String: UInt32] {
        Dictionary(uniqueKeysWithValues: prediction.scores.map { ($0.label, $0.score.bitPattern) })
    }

    @Test func `answer under one number each, with that one's body and head`() async throws {
        let models = try [TinyModel(seed: 0).load(), TinyModel(seed: 1).load()]
        let revisions = (0...60).map { revision($0, models) }
        let inputs = texts(200, seed: 9)
        try await withEngine(.serving(models[0], threads: 2)) { engine in
            engine.adopt(revisions[0])
            let seen = try await withThrowingTaskGroup(of: Set<Int>.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        var random = SeededGenerator(UInt64(client))
                        var seen: Set<Int> = []
                        for round in 1...60 {
                            // The first client brings in a revision before each of its requests.
                            if client == 0 { engine.adopt(revisions[round]) }
                            let start = Int.random(in: 0..<190, using: &random)
                            let some = Array(inputs[start..<start + Int.random(in: 1...8, using: &random)])
                            let answer = try await engine.predict(some, client: UInt64(client))
                            seen.insert(answer.revision)
                            let served = revisions[answer.revision]
                            #expect(answer.predictions.map(answered) == some.map { expected($0, served, models) })
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
            }
            #expect(seen.isSuperset(of: 1...60))
            #expect(engine.revision.number == 60)
        }
    }

    @Test func `leave requests on their way with the one they began with`() async throws {
        let models = try [TinyModel.slow.load(), TinyModel.slow.load()]
        let inputs = texts(2000, seed: 10)
        let next = ServingRevision(number: 2, body: models[1].body, head: nil)
        try await withEngine(.serving(models[0])) { engine in
            let task = try await engine.queue { try await $0.predict(inputs, client: 1) }
            engine.adopt(next)
            await #expect(throws: InferenceError.noLabels) { try await engine.predict([inputs[0]], client: 2) }
            let answer = try await task.value
            #expect(answer.revision == 1)
            #expect(answer.predictions.count == 2000)
            let later = try await engine.embed([inputs[0]], client: 2)
            #expect(later.revision == 2)
        }
    }

    @Test func `are passed over for the one that a request names`() async throws {
        let models = try [TinyModel(seed: 0).load(), TinyModel(seed: 1).load()]
        let revisions = (0...3).map { revision($0, models) }
        let input = TextInput("a b c")
        try await withEngine(.serving(models[0])) { engine in
            engine.adopt(revisions[3])
            for named in revisions {
                let answer = try await engine.predict([input], client: 1, revision: named)
                #expect(answer.revision == named.number)
                #expect(answer.predictions.map(answered) == [expected(input, named, models)])
            }
        }
    }
}

@Suite struct `An engine that stops` {
    @Test func `answers what waits and refuses what comes later`() async throws {
        let model = try TinyModel.slow.load()
        let inputs = texts(2000, seed: 11)
        try await withEngine(.serving(model)) { engine in
            let task = try await engine.queue { try await $0.embed(inputs, client: 1) }
            await engine.stop()
            #expect(engine.queueLength == 0)
            await #expect(throws: InferenceError.stopping) { try await engine.embed([inputs[0]], client: 1) }
            await #expect(throws: InferenceError.stopping) { try await engine.predict([inputs[0]], client: 2) }
            let answer = try await task.value
            #expect(answer.embeddings.count == 2000)
            for number in stride(from: 0, to: 2000, by: 50) {
                #expect(bits(answer.embeddings[number].features) == bits(model.alone(inputs[number])))
            }
            // Twice is once.
            await engine.stop()
        }
    }
}
