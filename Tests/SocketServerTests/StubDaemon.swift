import LineProtocol
import SocketServer

/// Answers every method as a daemon with the labels alpha and beta would, without a model and without a disk.
actor StubDaemon: RequestHandler {
    /// What is special about this one.
    enum Trouble: String, CaseIterable {
        case internalError = "internal error"
        case overloaded
        case readOnly = "read-only"
        case durabilityUnknown = "durability unknown"
        case noLabels = "no labels"
        /// Whoever waits for a burst waits for ever.
        case slowBurst = "slow burst"
    }

    private struct Surprise: Error {}

    private let trouble: Trouble?
    private var corrections: [(parameters: SubmitParameters, uid: UInt32, retracted: Bool)] = []
    private var pinned: Set<Int> = []
    /// Told when a request has come to wait for a burst.
    private let waiting: Event

    init(trouble: Trouble? = nil, waiting: Event = Event()) {
        self.trouble = trouble
        self.waiting = waiting
    }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        if trouble == .internalError { throw Surprise() }
        if trouble == .overloaded { throw ProtocolError.overloaded("the queue is full", retryAfterMs: 50) }
        switch call {
        case .discover:
            return DiscoverResult(
                server: .init(name: "attuned", version: "0"),
                model: .init(name: "stub", architecture: "none", task: "classification", parameters: 0),
                labels: ["alpha", "beta"]
            )
        case .predict(let parameters): return try predict(parameters)
        case .embed(let parameters):
            switch parameters.inputs {
            case .one: return EmbedResult.one(.init(embedding: [0.1, 0.2], truncated: false, revision: revision))
            case .many(let inputs):
                return EmbedResult.many(
                    .init(
                        embeddings: inputs.map { _ in [0.1] },
                        truncated: inputs.map { _ in false },
                        revision: revision
                    )
                )
            }
        case .submitCorrection(let parameters): return try await submit(parameters, context)
        case .getCorrection(let sequence):
            try requireCorrection(sequence)
            return CorrectionsResult([info(sequence)])
        case .listCorrections(let parameters):
            let first = (parameters.cursor?.after ?? 0) + 1
            let wanted = (1...max(corrections.count, 1)).filter { $0 >= first && $0 <= corrections.count }
                .map(info).filter { parameters.state == nil || $0.state == parameters.state }
            let page = Array(wanted.prefix(parameters.limit ?? 100))
            let last = page.last?.sequence ?? 0
            return CorrectionsResult(page, nextCursor: page.count < wanted.count ? Cursor(after: last) : nil)
        case .retractCorrection(let parameters):
            try requireCorrection(parameters.sequence)
            corrections[parameters.sequence - 1].retracted = true
            return RetractResult(state: .retracted)
        case .releaseCorrections: return ReleaseResult(released: 0)
        case .startTuning(let parameters):
            context.progress(["step": 1])
            return BurstResult(burst(parameters))
        case .tuningStatus, .cancelTuning: return BurstResult(nil)
        case .listRevisions: return RevisionsResult((0...revision).map(revisionInfo))
        case .getRevision(let id):
            try requireRevision(id)
            return revisionInfo(id)
        case .activateRevision(let parameters):
            if let expected = parameters.expectedCurrent, expected != revision {
                throw ProtocolError(.conflict, .expectedCurrent, "revision \(revision) serves, not \(expected)")
            }
            return ActivateResult(revision: parameters.revision)
        case .pinRevision(let parameters): return PinResult(pinned: parameters.pinned)
        case .reloadConfiguration: return ReloadResult(changed: [])
        case .snapshotState: return SnapshotResult(path: "/state/.snapshot-1")
        case .status: return status
        case .metrics: return MetricsResult(text: "# EOF\n")
        case .evaluate(let parameters): return evaluation(parameters)
        }
    }

    private var revision: Int { corrections.count }

    private func predict(_ parameters: PredictParameters) throws -> PredictResult {
        if trouble == .noLabels {
            throw ProtocolError(.noLabels, .noLabels, "there is nothing to predict yet: no labels and no corrections")
        }
        if let asked = parameters.revision { try requireRevision(asked) }
        let scores = [LabelScore(label: "alpha", score: 0.75), LabelScore(label: "beta", score: 0.25)]
        let prediction = PredictionResult(
            label: "alpha",
            score: 0.75,
            scores: Array(scores.prefix(parameters.topK ?? 2)),
            truncated: false,
            revision: parameters.revision ?? revision
        )
        switch parameters.inputs {
        case .one: return .one(prediction)
        case .many(let inputs): return .many(inputs.map { _ in prediction })
        }
    }

    private func submit(_ parameters: SubmitParameters, _ context: RequestContext) async throws -> SubmitResult {
        if trouble == .readOnly { throw ProtocolError(.readOnly, .diskFull, "the disk is full; inference goes on") }
        if trouble == .durabilityUnknown {
            throw ProtocolError(
                .durabilityUnknown,
                .commit,
                "whether the correction is durable is not known; send it again with the same key"
            )
        }
        if let key = parameters.idempotencyKey,
            let index = corrections.firstIndex(where: { $0.parameters.idempotencyKey == key })
        {
            guard corrections[index].parameters == parameters else {
                throw ProtocolError(.conflict, .idempotencyKey, "the key \(key.quoted) was used for other content")
            }
            return SubmitResult(sequence: index + 1, state: .learnt, duplicate: true, revision: index + 1)
        }
        corrections.append((parameters, context.peer.uid, false))
        let sequence = corrections.count
        if parameters.wait == .published, trouble == .slowBurst {
            context.waitsForBurst()
            waiting.happen()
            try await Event().wait()
        }
        return SubmitResult(sequence: sequence, state: .learnt, duplicate: false, revision: sequence)
    }

    private func requireCorrection(_ sequence: Int) throws {
        guard (1...max(corrections.count, 1)).contains(sequence), !corrections.isEmpty else {
            throw ProtocolError(.notFound, .correction, "there is no correction \(sequence)")
        }
    }

    private func requireRevision(_ id: Int) throws {
        guard (0...revision).contains(id) else {
            throw ProtocolError(.notFound, .revision, "there is no revision \(id)")
        }
    }

    private func info(_ sequence: Int) -> CorrectionInfo {
        let (parameters, uid, retracted) = corrections[sequence - 1]
        return CorrectionInfo(
            sequence: sequence,
            task: "classification",
            input: parameters.input,
            label: parameters.label,
            state: retracted ? .retracted : .learnt,
            revision: sequence,
            predicted: parameters.predicted,
            slice: parameters.slice,
            weight: parameters.weight ?? 1,
            uid: uid,
            created: "2026-01-02T03:04:05Z",
            body: false,
            holdout: false
        )
    }

    private func burst(_ parameters: StartTuningParameters) -> BurstInfo {
        BurstInfo(
            id: 1,
            state: .published,
            method: parameters.method ?? .head,
            step: 1,
            steps: 1,
            loss: 0.5,
            seed: parameters.seed ?? 0,
            base: 0,
            revision: revision,
            corrections: corrections.count,
            started: "2026-01-02T03:04:05Z",
            finished: "2026-01-02T03:04:06Z"
        )
    }

    private func revisionInfo(_ id: Int) -> RevisionInfo {
        RevisionInfo(
            id: id,
            parent: id > 0 ? id - 1 : nil,
            created: "2026-01-02T03:04:05Z",
            method: .head,
            corrections: id,
            correctionsUsed: .init(head: 1..<(id + 1), body: [], holdout: []),
            guard: .init(accepted: true, examples: 0),
            labels: 2,
            serving: id == revision,
            pinned: pinned.contains(id)
        )
    }

    private var status: StatusResult {
        StatusResult(
            state: .serving,
            revision: revision,
            model: "stub",
            labels: 2,
            uptimeSeconds: 1,
            connections: 1,
            queues: .init(inference: 0, learning: 0),
            corrections: .init([.learnt: corrections.count])
        )
    }

    private func evaluation(_ parameters: EvaluateParameters) -> EvaluateResult {
        let labels = Set(parameters.examples.map(\.label)).sorted()
        let slices = Dictionary(grouping: parameters.examples.compactMap(\.slice)) { $0 }
        return EvaluateResult(
            count: parameters.examples.count,
            accuracy: 0.5,
            macroF1: 0.5,
            expectedCalibrationError: 0.1,
            labels: labels.map { .init(label: $0, support: 1, precision: 0, recall: 0, f1: 0) },
            slices: slices.keys.sorted().map { .init(slice: $0, count: slices[$0]?.count ?? 0, accuracy: 1) },
            revision: revision
        )
    }
}
