import Foundation
import Inference
import Logging
import Storage
import Transformer
import Tuning

/// When it was last looked for revisions that were made with purged corrections.
struct TaintState: Equatable {
    let purged: SequenceSet
    let serving: Int
}

extension Learner {
    /// Publishes a candidate with a head for what is there by now, and adopts it.
    ///
    /// - Throws: `StorageError`; `OutdatedBurst` if another body serves by now, or the journal does not rest for a moment.
    func publish(_ candidate: Candidate, _ job: BurstJob) async throws -> Int {
        await turn.take()
        defer { turn.give() }
        let first = candidate.table.set
        for _ in 0..<Self.attempts {
            try await bringUpToDate(candidate.table)
            guard served.body.number == job.parent.body.number else {
                throw OutdatedBurst(description: "revision \(served.serving.number) was activated meanwhile")
            }
            let used = SequenceSet((candidate.new + candidate.holdout).map(\.sequence).sorted())
            guard used.intersection(candidate.table.takenBack).isEmpty else {
                throw OutdatedBurst(description: "corrections that it was made from were taken back meanwhile")
            }
            let (fit, manifest) = try head(of: candidate, first: first)
            var revision = revision(candidate, job, fit)
            let draft = try draft(candidate, job, revision, fit, manifest)
            guard let number = try await publish(draft) else {
                try await reloadServed()
                continue
            }
            revision = revision.numbered(number)
            adopt(revision, table: candidate.table)
            logger.info(
                "published a revision",
                metadata: [
                    "revision": "\(number)", "burst": "\(job.id)", "method": "\(draft.method)",
                    "corrections": "\(revision.head.count)", "body": "\(revision.bodySet.count)",
                    "steps": "\(candidate.steps)",
                    "logLossChange": "\(candidate.report?.change.map { "\($0)" } ?? "none")",
                ])
            return number
        }
        throw OutdatedBurst(description: "the journal changes faster than a revision is published")
    }

    /// Erases what was made with purged corrections, as far as it does not serve.
    func removeTainted() async throws(StorageError) {
        let state = TaintState(purged: corrections.purged, serving: served.serving.number)
        guard !state.purged.isEmpty, state != lookedForTaint else { return }
        let removed = try await store.removeTainted()
        lookedForTaint = state
        if removed.isEmpty { return }
        logger.notice(
            "removed revisions that were made with purged corrections",
            metadata: ["revisions": "\(removed.map(String.init).joined(separator: ", "))"])
    }

    /// How often it is tried to publish before the journal changes again.
    private static let attempts = 20

    /// Takes in what has happened while the candidate was made.
    private func bringUpToDate(_ table: CorrectionTable) async throws {
        while true {
            let changes = try await store.changes(after: table.cursor, limit: 256)
            if changes.isEmpty { return }
            try await refuse(table.apply(changes))
        }
    }

    /// The candidate's head, corrected for what has come and gone since it was fitted on `first`.
    private func head(
        of candidate: Candidate, first: CorrectionSet
    ) throws(TuningError) -> (HeadFit, HeadManifest) {
        let table = candidate.table
        let fitted = candidate.head
        let labels = labels(of: table)
        if table.set == first, labels == fitted.head.labels {
            let manifest = HeadManifest(
                start: candidate.start, settings: fitted.settings, isThorough: true, isCold: true)
            return (fitted, manifest)
        }
        let problem = HeadProblem(
            examples: table.examples, labels: labels, names: table.nameFeatures(labels), base: base.head)
        let new = table.keys(of: table.set.sequences.subtracting(first.sequences))
        guard
            let fit = try problem.fit(
                parent: fitted.head, settings: fitted.settings, isThorough: false, new: new)
        else { throw TuningError("a quick fit was interrupted") }
        if let fault = problem.fault(in: fit.head) { throw TuningError(fault) }
        let manifest = HeadManifest(
            start: candidate.start, settings: fit.settings, isThorough: false, isCold: true, first: first.sequences,
            firstLabels: fitted.head.labels)
        return (fit, manifest)
    }

    /// The candidate as a revision that has no number yet.
    private func revision(_ candidate: Candidate, _ job: BurstJob, _ fit: HeadFit) -> LoadedRevision {
        let isFromBase = job.purpose.isFromBase
        var learnt = isFromBase ? CorrectionSet() : job.parent.bodySet
        for correction in candidate.new { learnt.insert(correction.sequence, correction.digest) }
        var holdout = isFromBase ? CorrectionSet() : job.parent.holdout
        for correction in candidate.holdout { holdout.insert(correction.sequence, correction.digest) }
        let head = candidate.table.set.sequences
        var revision = LoadedRevision(
            number: 0, body: candidate.body, classifier: fit.head, head: head,
            seen: head.union(learnt.sequences).union(holdout.sequences), settings: fit.settings,
            isThorough: fit.isThorough && fit.head == candidate.head.head)
        revision.bodySet = learnt
        revision.holdout = holdout
        var measures = measures
        if job.purpose == .rebuild { measures.forgetBodies() }
        measures.take(candidate.answers, of: candidate.holdout, burst: job.id)
        revision.measures = measures
        return revision
    }

    private func draft(
        _ candidate: Candidate, _ job: BurstJob, _ revision: LoadedRevision, _ fit: HeadFit, _ head: HeadManifest
    ) throws -> RevisionDraft {
        let isRebuild = job.purpose == .rebuild
        let serving = served.serving.number
        let bytes = HeadFile.bytes(fit.head, settings: fit.settings, isThorough: revision.isThorough)
        var draft = RevisionDraft(
            parent: isRebuild ? 0 : serving, expectedServing: serving,
            method: candidate.burst?.recipe.plan.method.name.rawValue ?? "head", kernelPath: options.kernelPath,
            body: try body(candidate, job),
            files: [RevisionFile(name: HeadFile.name, content: .bytes(bytes))], head: candidate.table.set,
            labels: fit.head.labels)
        draft.seed = candidate.burst == nil ? nil : candidate.seed
        draft.hyperparameters = try JSONValue(encoding: RevisionRecipe(head: head, burst: candidate.burst))
        draft.steps = candidate.burst == nil ? fit.iterations : candidate.steps
        draft.bodySet = revision.bodySet
        draft.holdout = revision.holdout
        draft.seen = revision.seen
        draft.guardReport = try candidate.report.map { try JSONValue(encoding: $0) }
        draft.metrics = try JSONValue(encoding: revision.measures)
        draft.burst = BurstRecord(
            id: job.id, started: board.current?.started ?? Date(), finished: Date(), method: draft.method,
            seed: draft.seed, outcome: .published,
            reason: candidate.burst == nil ? candidate.report?.reason ?? Self.tooFew : nil, base: serving,
            corrections: candidate.new.count, steps: candidate.steps)
        return draft
    }

    private func body(_ candidate: Candidate, _ job: BurstJob) throws -> RevisionDraft.Body {
        if candidate.burst == nil { return .base }
        if job.purpose.isFromBase { return try candidate.body.draft(from: .base(base), base: base) }
        let body = try candidate.body.draft(from: job.parent.body, base: base)
        // The revision that brought the parent's body may be gone; the one that serves has the same files.
        guard case .over(_, let dropped, let files) = body else { return body }
        return .over(served.serving.number, dropping: dropped, files)
    }

    private static let tooFew = "the body is the base model's: there are too few corrections to tune it"

    /// Records a burst that came to nothing, and says so.
    func record(
        _ outcome: BurstRecord.Outcome, _ reason: String, _ attempt: BurstHistory.Attempt?, _ report: GuardReport?
    ) async throws {
        bursts.note(outcome, attempt)
        guard let status = board.current else { return }
        logger.log(
            level: outcome == .failed ? .error : .notice, "a burst came to nothing",
            metadata: ["burst": "\(status.id)", "outcome": "\(outcome.rawValue)", "reason": "\(reason)"])
        finish(BurstStatus.State(rawValue: outcome.rawValue) ?? .failed, reason: reason)
        var details = try attempt.map { try JSONValue(encoding: $0) } ?? .object([:])
        if case .object(var fields) = details, let report {
            fields["guard"] = try JSONValue(encoding: report)
            details = .object(fields)
        }
        try await store.append(
            BurstRecord(
                id: status.id, started: status.started, finished: Date(), method: status.method.rawValue,
                seed: status.seed, outcome: outcome, reason: reason, base: status.base,
                corrections: status.corrections, steps: status.step, details: details))
    }

    /// Shows that the burst is over.
    func finish(_ state: BurstStatus.State, revision: Int? = nil, reason: String? = nil) {
        board.update {
            $0.state = state
            $0.revision = revision
            $0.reason = reason
            $0.finished = Date()
        }
        update { $0.bursts[state, default: 0] += 1 }
    }

    /// Brings what is shown of the body and of users up to date.
    func report() {
        let learnt = served.bodySet.count
        let waiting = corrections.set.sequences.subtracting(corrections.heldBack).subtracting(served.usedByBody).count
        let unlearning = served.seen.intersection(corrections.retracted).count
        let quarantine = corrections.quarantine.sorted { $0.key < $1.key }.map {
            LearnerStatus.Quarantine(user: $0.key, corrections: $0.value.sequences.count, reason: $0.value.reason)
        }
        let measures = measures
        update {
            $0.learntByBody = learnt
            $0.waitingForBody = waiting
            $0.unlearning = unlearning
            $0.quarantine = quarantine
            $0.measures = measures
        }
    }
}
