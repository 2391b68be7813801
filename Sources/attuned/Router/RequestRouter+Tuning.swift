import Learning
import LineProtocol
import SocketServer
import Transformer
import Tuning

extension RequestRouter {
    func startTuning(_ parameters: StartTuningParameters, _ context: RequestContext) async throws -> BurstResult {
        let started: BurstStatus
        do {
            started = try await learner.startBurst(
                method: parameters.method.flatMap { .init(rawValue: $0.rawValue) },
                seed: parameters.seed.map(UInt64.init), isRebuild: parameters.rebuild)
        } catch {
            switch error {
            case .busy: throw ProtocolError(.conflict, .burst, error.description)
            case .pointless: throw ProtocolError(.conflict, .burst, error.description)
            }
        }
        guard parameters.wait == .finished else { return BurstResult(BurstInfo(started)) }
        context.waitsForBurst()
        var last = started
        for await update in learner.burstUpdates(of: started.id) {
            last = update
            progress(last, context)
        }
        try Task.checkCancellation()
        return BurstResult(BurstInfo(last))
    }

    func tuningStatus() -> BurstResult { BurstResult(learner.burst.map(BurstInfo.init)) }

    func cancelTuning() -> BurstResult { BurstResult(learner.cancelBurst().map(BurstInfo.init)) }

    private func progress(_ burst: BurstStatus, _ context: RequestContext) {
        var value: [String: JSONValue] = [
            "burst": .integer(Int64(burst.id)), "state": .string(burst.state.rawValue),
            "step": .integer(Int64(burst.step)),
            "steps": .integer(Int64(burst.steps)),
        ]
        if let loss = burst.loss, loss.isFinite { value["loss"] = .number(loss) }
        context.progress(.object(JSONObject(value.sorted { $0.key < $1.key }.map { .init(name: $0, value: $1) })))
    }
}

extension BurstInfo {
    init(_ burst: BurstStatus) {
        self.init(
            id: burst.id, state: State(rawValue: burst.state.rawValue) ?? .failed,
            method: .init(rawValue: burst.method.rawValue) ?? .head, rebuild: burst.isRebuild, step: burst.step,
            steps: burst.steps, loss: burst.loss, seed: Int(burst.seed & UInt64(Limits.seed)), base: burst.base,
            revision: burst.revision, corrections: burst.corrections, started: timestamp(burst.started),
            finished: burst.finished.map(timestamp), reason: burst.reason)
    }
}

extension MeasuresInfo {
    init(_ measures: Measures) {
        let prequential = measures.prequential
        self.init(
            prequential: prequential.accuracy.map {
                Prequential(count: prequential.count, accuracy: $0, recent: prequential.recent)
            },
            holdoutAccuracy: measures.holdout?.accuracy, holdout: measures.holdoutCount,
            backwardTransfer: measures.backwardTransfer, forgetting: measures.forgetting)
    }
}
