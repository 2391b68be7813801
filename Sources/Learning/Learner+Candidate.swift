import Foundation
import Inference
import Logging
import Storage
import Transformer
import Tuning

/// When it was last looked for revisions that were made with purged corrections.
struct TaintState: Equatable {
    let purged: SequenceSet
    /// Whether what serves is one of them.
    let isServing: Bool
}

extension Learner {
    /// Publishes a candidate with a head for what is there by now, and adopts it.
    ///
    /// - Throws: `StorageError`; `OutdatedBurst` if another body serves by now, or the journal does not rest for a moment.
    func publish(
        _ candidate: Candidate, _ job: BurstJob, _ attempt: BurstHistory.Attempt
    ) async throws -> Int {
        try await turn.take()
        defer { turn.give() }
        let first = candidate.table.set
        for _ in 0..<Self.attempts {
            try await bringUpToDate(candidate)
            guard served.body.number == job.parent.body.number else {
                throw OutdatedBurst(description: "revision \(served.serving.number) was activated meanwhile")
            }
            let used = SequenceSet((candidate.new + candidate.holdout).map(\.sequence).sorted()).union(first.sequences)
            guard used.intersection(candidate.table.takenBack).isEmpty else {
                throw OutdatedBurst(description: "corrections that it was made from were taken back meanwhile")
            }
            guard used.intersection(candidate.table.withheld).isEmpty else {
                throw OutdatedBurst(description: "revision \(served.serving.number) was activated meanwhile")
            }
            let (fit, manifest) = try head(of: candidate, first: first)
            var revision = revision(candidate, job, fit, first: first)
            var draft = try draft(candidate, job, revision, fit, manifest)
            draft.burst = try burstRecord(candidate, job, draft, attempt)
            guard let number = try await publish(draft) else {
                try await reloadServed()
                continue
            }
            revision = revision.numbered(number)
            adopt(revision, table: candidate.table)
            // It has inherited a purge from its parent, and is one of those to remove once it serves no more.
            if !revision.seen.intersection(corrections.purged).isEmpty { lookedForTaint = nil }
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
        let purged = corrections.purged
        let state = TaintState(purged: purged, isServing: !served.seen.intersection(purged).isEmpty)
        // What failed is not tried again with every correction that comes: it takes time with the journal.
        guard !purged.isEmpty, state != lookedForTaint || triesErasingAt.map({ $0 <= .now }) == true else { return }
        // What became of bursts was said in the names of labels and slices.
        if purged != lookedForTaint?.purged { board.forgetReasons() }
        lookedForTaint = state
        triesErasingAt = nil
        forgetOther()
        // It may read files of theirs, which are not gone before.
        forgetSpare()
        let removed = try await store.removeTainted()
        if removed.isEmpty { return }
        logger.notice(
            "removed revisions that were made with purged corrections",
            metadata: ["revisions": "\(removed.map(String.init).joined(separator: ", "))"])
    }

    /// Whether it is to be tried again to erase what was made with purged corrections.
    var hasTraces: Bool { triesErasingAt != nil }

    static let erasingPause = Duration.seconds(600)

    /// How often it is tried to publish before the journal changes again.
    private static let attempts = 20

    /// Takes in what has happened while the candidate was made; what comes meanwhile is the next head's.
    private func bringUpToDate(_ candidate: Candidate) async throws {
        let last = store.lastChange
        while candidate.table.cursor < last,
            try await takeChanges(into: candidate.table, head: candidate.head.head)
        {}
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
        let (before, after) = (first.sequences, table.set.sequences)
        let new = table.keys(of: after.subtracting(before))
        guard
            let fit = try problem.fit(
                parent: fitted.head, settings: fitted.settings, isThorough: false, new: new,
                lost: before.subtracting(after).count)
        else { throw TuningError("a quick fit was interrupted") }
        if let fault = problem.fault(in: fit.head) { throw TuningError(fault) }
        let manifest = HeadManifest(
            start: candidate.start, settings: fit.settings, isThorough: false, isCold: true, first: first.sequences,
            firstLabels: fitted.head.labels)
        return (fit, manifest)
    }

    /// The candidate as a revision that has no number yet.
    private func revision(
        _ candidate: Candidate, _ job: BurstJob, _ fit: HeadFit, first: CorrectionSet
    ) -> LoadedRevision {
        let isFromBase = job.purpose.isFromBase
        var learnt = isFromBase ? CorrectionSet() : job.parent.bodySet
        for correction in candidate.new { learnt.insert(correction.sequence, correction.digest) }
        var holdout = isFromBase ? CorrectionSet() : job.parent.holdout
        for correction in candidate.holdout { holdout.insert(correction.sequence, correction.digest) }
        // What once judged and is learnt from now judges no more.
        for correction in candidate.new { holdout.remove(correction.sequence, correction.digest) }
        let head = candidate.table.set.sequences
        // Settings and the guard's comparison come from what served, but for a rebuild.
        let earlier = job.purpose == .rebuild ? SequenceSet() : job.parent.seen
        var revision = LoadedRevision(
            number: 0, body: candidate.body, classifier: fit.head, head: head,
            seen: head.union(learnt.sequences).union(holdout.sequences).union(first.sequences).union(earlier),
            settings: fit.settings,
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
            method: candidate.burst?.recipe.plan.method.name.rawValue ?? "head", kernelPath: base.kernelPath,
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
        return draft
    }

    private func burstRecord(
        _ candidate: Candidate, _ job: BurstJob, _ draft: RevisionDraft, _ attempt: BurstHistory.Attempt
    ) throws -> BurstRecord {
        var details = BurstDetails()
        details.isRebuild = job.purpose == .rebuild
        if candidate.report?.isAccepted == false { details.attempt = attempt }
        return BurstRecord(
            id: job.id, started: board.current?.started ?? Date(), finished: Date(), method: draft.method,
            seed: draft.seed, outcome: .published, reason: candidate.shortfall,
            base: served.serving.number, corrections: candidate.new.count, steps: candidate.steps,
            details: try JSONValue(encoding: details))
    }

    private func body(_ candidate: Candidate, _ job: BurstJob) throws -> RevisionDraft.Body {
        if candidate.burst == nil { return .base }
        if job.purpose.isFromBase { return try candidate.body.draft(from: .base(base), base: base) }
        let body = try candidate.body.draft(from: job.parent.body, base: base)
        // The revision that brought the parent's body may be gone; the one that serves has the same files.
        guard case .over(_, let dropped, let files) = body else { return body }
        return .over(served.serving.number, dropping: dropped, files)
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
        let waiting = waitingForBody.count
        let quarantine = corrections.quarantine.sorted { $0.key < $1.key }.map {
            LearnerStatus.Quarantine(user: $0.key, corrections: $0.value.sequences.count, reason: $0.value.reason)
        }
        let measures = measures
        let hindrance = bursts.isRunning ? nil : prospect.hindrance
        update {
            $0.learntByBody = learnt
            $0.waitingForBody = waiting
            $0.hindrance = hindrance
            $0.quarantine = quarantine
            $0.measures = measures
        }
    }
}
