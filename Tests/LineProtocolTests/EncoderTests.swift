import Foundation
import LineProtocol
import Testing

private func text(_ value: some Encodable) throws -> String {
    String(decoding: try LineEncoder.encode(value), as: UTF8.self)
}

@Suite struct `Writing JSON` {
    @Test func `floats are written in their own shortest form`() throws {
        #expect(
            try text([Float(0.1), 1, -0.25, 1e-5, 1e20, .leastNonzeroMagnitude]) == "[0.1,1.0,-0.25,1e-05,1e+20,1e-45]"
        )
        #expect(try text(LabelScore(label: "a", score: 0.3)) == #"{"label":"a","score":0.3}"#)
        #expect(try text([0.1, 1e300]) == "[0.1,1e+300]")
    }

    @Test func `what has no form in JSON throws`() {
        #expect(throws: EncodingError.self) { try LineEncoder.encode([Float.nan]) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(["a": Double.infinity]) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(JSONValue.array([.number(.nan)])) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(LabelScore(label: "", score: .infinity)) }
    }

    @Test func `bytes that were there stay when a value throws`() {
        var bytes: [UInt8] = [1, 2]
        #expect(throws: EncodingError.self) { try LineEncoder.encode(Float.nan, into: &bytes) }
        #expect(bytes.starts(with: [1, 2]))
    }

    @Test func `a line stays one line`() throws {
        let nasty = (0..<0x30).compactMap { Unicode.Scalar($0) }.map(String.init).joined() + "\u{2028}\"\\é😀\u{7F}"
        let bytes = try LineEncoder.encode(nasty)
        #expect(bytes.allSatisfy { $0 >= 0x20 })
        #expect(try JSONDecoder().decode(String.self, from: Data(bytes)) == nasty)
    }

    @Test func `floats come back as the same bits`() throws {
        var random = Seeded(7)
        let floats = (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
            .filter(\.isFinite)
        let back = try JSONDecoder().decode([Float].self, from: Data(try LineEncoder.encode(floats)))
        #expect(back.map(\.bitPattern) == floats.map(\.bitPattern))
    }
}

@Suite struct `Results` {
    static let burst = BurstInfo(
        id: 3,
        state: .published,
        method: .lora,
        step: 9,
        steps: 10,
        loss: 0.5,
        seed: 1,
        base: 2,
        revision: 3,
        corrections: 12,
        started: "2026-01-02T03:04:05Z",
        finished: "2026-01-02T03:04:06Z",
        reason: "why"
    )

    private func roundTrip<Value: Codable & Equatable>(_ value: Value) throws {
        let bytes = try LineEncoder.encode(value)
        #expect(try JSONDecoder().decode(Value.self, from: Data(bytes)) == value)
        #expect(throws: Never.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `come back as they went`() throws {
        let one = PredictionResult(
            label: "a",
            score: 0.7,
            scores: [.init(label: "a", score: 0.7), .init(label: "b", score: 0.3)],
            truncated: false,
            revision: 4
        )
        try roundTrip(PredictResult.one(one))
        try roundTrip(PredictResult.many([one, one]))
        try roundTrip(EmbedResult.one(.init(embedding: [0.1, -1], truncated: true, revision: 0)))
        try roundTrip(EmbedResult.many(.init(embeddings: [[0.1], []], truncated: [true, false], revision: 0)))
        try roundTrip(SubmitResult(sequence: 1, state: .rejected, duplicate: true, reason: "r", revision: 2))
        try roundTrip(BurstResult(Self.burst))
        try roundTrip(BurstResult(nil))
        let correction = CorrectionInfo(
            sequence: 1,
            task: "classification",
            input: Input("a", textPair: "b"),
            label: "l",
            state: .withheld,
            weight: 1,
            uid: 1000,
            created: "2026-01-02T03:04:05Z",
            body: false,
            holdout: true
        )
        try roundTrip(CorrectionsResult([correction], nextCursor: Cursor(after: 1)))
        let revision = RevisionInfo(
            id: 1,
            parent: 0,
            created: "2026-01-02T03:04:05Z",
            method: .topLayers,
            corrections: 6,
            correctionsUsed: .init(head: [1, 2, 3, 7], body: [], holdout: [9]),
            guard: .init(accepted: true, examples: 30, logLossChange: -0.01, upperBound: 0.02),
            labels: 2,
            serving: true,
            pinned: false
        )
        #expect(revision.correctionsUsed.head == "1-3,7")
        try roundTrip(RevisionsResult([revision]))
        let status = StatusResult(
            state: .learning,
            revision: 1,
            model: "m",
            labels: 2,
            uptimeSeconds: 1.5,
            connections: 1,
            queues: .init(inference: 0, learning: 3),
            corrections: .init([.learnt: 4]),
            body: .init(learnt: 3, waiting: 1, unlearning: 0, reason: "a burst begins when 48 wait"),
            measures: .init(
                prequential: .init(count: 4, accuracy: 0.5, recent: 0.6),
                holdoutAccuracy: 0.5,
                holdout: 2,
                backwardTransfer: -0.1,
                forgetting: nil
            ),
            quarantine: [.init(uid: 7, corrections: 3, reason: "contradicts the others")],
            lastBurst: Self.burst,
            readOnly: .init(flag: true, reason: "disk full")
        )
        try roundTrip(status)
        let evaluation = EvaluateResult(
            count: 2,
            accuracy: 0.5,
            macroF1: 0.4,
            expectedCalibrationError: 0.1,
            labels: [.init(label: "a", support: 2, precision: 1, recall: 0.5, f1: 0.66)],
            slices: [.init(slice: "s", count: 1, accuracy: 1)],
            revision: 1
        )
        try roundTrip(evaluation)
    }

    @Test func `no burst is null and not nothing`() throws {
        #expect(try text(BurstResult(nil)) == #"{"burst":null}"#)
    }

    @Test(arguments: [
        ([], ""), ([5], "5"), ([1, 2], "1-2"), ([1, 2, 3, 5, 8, 9], "1-3,5,8-9"), ([.max], "9223372036854775807"),
    ])
    func `sequences are written as ranges`(sequences: [Int], expected: String) {
        #expect(SequenceRanges.text(of: sequences) == expected)
    }
}
