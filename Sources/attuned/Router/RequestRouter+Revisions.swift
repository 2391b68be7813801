import Learning
import LineProtocol
import Storage
import Tuning

extension RequestRouter {
    func revisions() async throws -> RevisionsResult {
        try await translated(.revision) { RevisionsResult(try await store.revisions().map(RevisionInfo.init)) }
    }

    func revision(_ number: Int) async throws -> RevisionInfo {
        try await translated(.revision) { RevisionInfo(try await store.revision(number)) }
    }

    func activate(_ parameters: ActivateParameters) async throws -> ActivateResult {
        try await translated(.revision) {
            // A long fit gives way.
            learner.wake()
            let activation = try await learner.activate(
                parameters.revision, expectedCurrent: parameters.expectedCurrent)
            return ActivateResult(revision: activation.revision)
        }
    }

    func pin(_ parameters: PinParameters) async throws -> PinResult {
        try await translated(.revision) {
            try await store.pin(parameters.revision, parameters.pinned)
            return PinResult(pinned: parameters.pinned)
        }
    }
}

extension RevisionInfo.GuardReport {
    init(_ report: Tuning.GuardReport) {
        self.init(
            accepted: report.isAccepted, reason: report.reason, examples: report.examples,
            logLossChange: report.change, upperBound: report.upperBound)
    }
}

extension RevisionInfo {
    init(_ record: RevisionRecord) {
        let manifest = record.manifest
        self.init(
            id: record.number, parent: manifest.parent, created: timestamp(record.created),
            method: TuningMethod(rawValue: manifest.method) ?? .head,
            corrections: manifest.corrections.head.sequences.count,
            correctionsUsed: CorrectionsUsed(
                head: manifest.corrections.head.sequences.description,
                body: manifest.corrections.body.sequences.description,
                holdout: manifest.corrections.holdout.sequences.description),
            guard: (try? manifest.guardReport?.decode(as: Tuning.GuardReport.self)).map(GuardReport.init),
            measures: (try? manifest.metrics?.decode(as: Measures.self)).map(MeasuresInfo.init),
            labels: manifest.labels.count, serving: record.isServing, pinned: record.isPinned)
    }
}
