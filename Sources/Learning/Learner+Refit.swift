import Inference
import Logging
import Storage
import Transformer
import Tuning

/// A state of the journal for which no acceptable head could be fitted.
struct HopelessRefit: Equatable {
    let set: CorrectionSet
    let labels: [String]
}

/// What a head is to be made of.
private struct RefitPlan: Sendable {
    let set: CorrectionSet
    let labels: [String]
    let isThorough: Bool
    /// The revision that serves, and goes on serving unless this one takes its place.
    let base: LoadedRevision
    /// Whether what serves has seen corrections that were retracted since, apart from its body.
    let isForgetting: Bool
    /// What will have left a trace in the revision to be.
    let seen: SequenceSet
}

/// A fitted head, and what it was fitted from.
private struct Refit {
    let fit: HeadFit
    let manifest: HeadManifest
}

extension Learner {
    /// Whether the head that serves has learnt all there is, as well as it can be learnt.
    var isThorough: Bool { isHopeless || (!isBehind && served.isThorough) }

    /// Whether the head that serves was made from other corrections or labels than there are now.
    private var isBehind: Bool {
        corrections.set.sequences != served.head || labels(of: corrections) != served.serving.head?.labels ?? []
            || isForgetting
    }

    /// Whether the head that serves has seen corrections that were retracted since, apart from its body.
    ///
    /// Those that do not count any more, because another came for the same text or for who sent them, among them.
    private var isForgetting: Bool {
        !served.seen.subtracting(served.usedByBody).intersection(corrections.retracted).isEmpty
    }

    /// Whether there is a head to fit at once.
    var needsRefit: Bool {
        isBehind && !isHopeless && (!labels(of: corrections).isEmpty || served.serving.number != 0)
    }

    /// Whether no head can be fitted to what there is now.
    var isHopeless: Bool {
        hopeless == HopelessRefit(set: corrections.set, labels: labels(of: corrections))
    }

    /// The labels of the head to be: those of the model's own head, then the others by name.
    func labels(of table: CorrectionTable) -> [String] {
        let own = base.head?.labels ?? []
        return own + Set(options.labels).union(table.labels).subtracting(own).sorted()
    }

    /// Reads what is new in the journal; if the head is behind, refits it quickly, publishes and adopts it.
    ///
    /// Once: while corrections keep coming it is behind again, and there are other things to do.
    func catchUp() async throws {
        try await synchronise()
        guard needsRefit else { return }
        try await refit(isThorough: false)
        try await synchronise()
    }

    /// Chooses settings anew if they are due, fits to the tolerance, publishes and adopts; gives up when interrupted.
    func settle() async throws {
        try await synchronise()
        guard !isBehind, !isHopeless else { return }
        try await refit(isThorough: true)
        try await synchronise()
    }

    /// Takes the journal's changes into the table, and wakes those who waited for them.
    private func synchronise() async throws {
        try await holdBack([])
        var table: CorrectionTable
        // Another body's may take its place while the journal is read, and must be full before anything is made of it.
        repeat {
            table = corrections
            // What there is now, and then what was written about it: who sends without a pause does not keep the learner
            // here.
            for _ in 0..<2 {
                let last = store.lastChange
                while table === corrections, table.cursor < last,
                    try await takeChanges(into: table, head: served.serving.head)
                {
                    await Task.yield()
                    try Task.checkCancellation()
                }
            }
            if table !== corrections { table.rest() }
        } while table !== corrections
        stopOutdatedBurst()
        let labels = Set(labels(of: corrections))
        let measures = measures
        update {
            $0.labels = labels
            $0.measures = measures
        }
    }

    /// Takes the next changes into `table`; false if there were none.
    ///
    /// - Parameter head: one for the features of the table's body, to score what comes in before it is learnt.
    func takeChanges(into table: CorrectionTable, head: ClassificationHead?) async throws -> Bool {
        let changes = try await store.changes(after: table.cursor, limit: 256)
        let scored = { (correction: Correction, features: [Float]) in self.score(correction, features, head) }
        let arrivals = changes.filter { isArrival($0, table) }
        var faults = table.apply(changes.filter { !isArrival($0, table) }, arrival: scored)
        // The last of a user's quarantined corrections may have been released by one of the changes.
        faults += table.apply(arrivals.filter { !isArrival($0, table) }, arrival: scored)
        for change in changes where change.state != .queued { resume(change.sequence) }
        let unusable = faults.map {
            HeldBack(sequences: SequenceSet([$0.sequence]), state: .rejected, reason: $0.reason)
        }
        // More than before, if one of the changes says that a user is quarantined.
        try await holdBack(unusable + self.arrivals(changes, table))
        return !changes.isEmpty
    }

    /// Scores a correction by what was answered before it was learnt: as its sender says, or as `head` would have.
    private func score(_ correction: Correction, _ features: [Float], _ head: ClassificationHead?) {
        guard correction.state == .queued, correction.sequence > measures.prequential.upTo else { return }
        var predicted = correction.content.predicted
        if predicted == nil, let head {
            let logits = head.logits(features.span)
            predicted = logits.indices.max { logits[$0] < logits[$1] }.map { head.labels[$0] }
        }
        guard let predicted else { return }
        measures.prequential.score(correction.sequence, isRight: predicted == correction.content.label)
    }

    /// Fits, publishes and adopts.
    func refit(isThorough: Bool) async throws {
        let table = corrections
        try await turn.take()
        defer { turn.give() }
        // Another body's table may be empty yet: what is due by it is seen on the next look.
        guard table === corrections else { return }
        let started = ContinuousClock.now
        let plan = plan(isThorough: isThorough)
        if plan.labels.isEmpty {
            try await publishNothing(plan)
            return
        }
        guard let refit = try await fitOrRefuse(plan) else { return }
        let fit = refit.fit
        if isThorough, fit.head == served.serving.head {
            served = served.asThorough(settings: fit.settings)
            return
        }
        guard let number = try await publish(try draft(refit, plan)) else {
            // The journal or the serving revision moved on meanwhile; what is due now is seen on the next look.
            try await reloadServed()
            return
        }
        adopt(revision(number, plan, classifier: fit.head, settings: fit.settings, isThorough: fit.isThorough))
        report(fit, plan, number: number, seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    /// What the next head is to be made of.
    private func plan(isThorough: Bool) -> RefitPlan {
        let isForgetting = isForgetting
        let set = corrections.set
        let kept = isForgetting ? served.usedByBody : served.seen
        return RefitPlan(
            set: set, labels: labels(of: corrections), isThorough: isThorough, base: served,
            isForgetting: isForgetting, seen: kept.union(set.sequences))
    }

    /// With the last label gone there is nothing left to predict, and the next revision says so.
    ///
    /// With it goes the body: it has nothing left that it was made for.
    private func publishNothing(_ plan: RefitPlan) async throws {
        var measures = measures
        measures.forgetBodies()
        var draft = emptyDraft(plan, files: [])
        draft.body = .base
        draft.parent = 0
        draft.bodySet = CorrectionSet()
        draft.holdout = CorrectionSet()
        draft.seen = SequenceSet()
        draft.steps = 0
        draft.metrics = try JSONValue(encoding: measures)
        guard let number = try await publish(draft) else { return try await reloadServed() }
        var revision = LoadedRevision(
            number: number, body: .base(base), classifier: nil, head: plan.set.sequences, seen: plan.set.sequences,
            settings: nil, isThorough: true)
        revision.measures = measures
        adopt(revision)
    }

    private func revision(
        _ number: Int, _ plan: RefitPlan, classifier: ClassificationHead?, settings: HeadSettings?, isThorough: Bool
    ) -> LoadedRevision {
        var revision = LoadedRevision(
            number: number, body: plan.base.body, classifier: classifier, head: plan.set.sequences, seen: plan.seen,
            settings: settings, isThorough: isThorough)
        revision.bodySet = plan.base.bodySet
        revision.holdout = plan.base.holdout
        revision.measures = measures
        return revision
    }

    /// The head for `plan`; nil when interrupted, or when none could be fitted and what is new was refused.
    private func fitOrRefuse(_ plan: RefitPlan) async throws -> Refit? {
        do {
            return try fit(plan, isCold: plan.isForgetting)
        } catch {
            logger.warning("a head refit failed, trying from nothing", metadata: ["reason": "\(error)"])
        }
        do {
            return try fit(plan, isCold: true)
        } catch {
            try await refuse(plan, error: error)
            return nil
        }
    }

    /// Computes the head for `plan` on the actor's queue; nil when interrupted.
    private func fit(_ plan: RefitPlan, isCold: Bool) throws(TuningError) -> Refit? {
        let problem = corrections.problem(
            plan.labels, base: base.head, learntByBody: plan.isThorough ? served.bodySet.sequences : SequenceSet())
        // What was retracted must leave no trace, so then there is no warm start from a head that has seen it.
        let isCold = isCold || served.serving.head == nil
        let start = isCold ? nil : served.settings.flatMap { $0.chosenAt > 0 ? $0 : nil }
        let found = try problem.fit(
            parent: isCold ? nil : served.serving.head, settings: start, isThorough: plan.isThorough,
            new: corrections.keys(of: plan.set.sequences.subtracting(served.head)),
            lost: served.head.subtracting(plan.set.sequences).count,
            isInterrupted: { Task.isCancelled || plan.isThorough && isInterrupted })
        guard let found else { return nil }
        if let fault = problem.fault(in: found.head) { throw TuningError(fault) }
        return Refit(
            fit: found,
            manifest: HeadManifest(
                start: start, settings: found.settings, isThorough: plan.isThorough, isCold: isCold))
    }

    /// The number of the revision published, or nil if the store says that the draft is out of date.
    func publish(_ draft: RevisionDraft) async throws -> Int? {
        do {
            return try await publishInSight(draft)
        } catch let error where error.code == .conflict {
            return nil
        }
    }

    private func draft(_ refit: Refit, _ plan: RefitPlan) throws -> RevisionDraft {
        let fit = refit.fit
        let bytes = HeadFile.bytes(fit.head, settings: fit.settings, isThorough: fit.isThorough)
        var draft = emptyDraft(plan, files: [RevisionFile(name: HeadFile.name, content: .bytes(bytes))])
        draft.hyperparameters = try JSONValue(encoding: RevisionRecipe(head: refit.manifest))
        draft.metrics = try JSONValue(encoding: measures)
        draft.steps = fit.iterations
        return draft
    }

    private func emptyDraft(_ plan: RefitPlan, files: [RevisionFile]) -> RevisionDraft {
        let serving = plan.base.serving.number
        var draft = RevisionDraft(
            parent: plan.isForgetting ? 0 : serving, expectedServing: serving, method: "head",
            kernelPath: base.kernelPath, body: plan.base.body.number == 0 ? .base : .sameAs(serving), files: files,
            head: plan.set, labels: plan.labels)
        draft.bodySet = plan.base.bodySet
        draft.holdout = plan.base.holdout
        draft.seen = plan.seen
        return draft
    }

    private func report(_ fit: HeadFit, _ plan: RefitPlan, number: Int, seconds: Double) {
        update {
            $0.refits += 1
            $0.lastRefitSeconds = seconds
        }
        logger.info(
            "published a revision",
            metadata: [
                "revision": "\(number)", "corrections": "\(plan.set.count)", "labels": "\(plan.labels.count)",
                "iterations": "\(fit.iterations)", "seconds": "\(seconds)", "thorough": "\(fit.isThorough)",
            ])
    }

    /// Rejects what the serving head has not learnt, because no acceptable head comes of it.
    private func refuse(_ plan: RefitPlan, error: TuningError) async throws {
        let new = plan.set.sequences.subtracting(served.head)
        logger.error("the head cannot be refitted", metadata: ["reason": "\(error)", "corrections": "\(new.count)"])
        update { $0.lastError = "\(error)" }
        if new.count > 0 {
            _ = try await store.refuse(new, as: .rejected, reason: "the head refitted with it: \(error)")
        }
        hopeless = HopelessRefit(set: plan.set, labels: plan.labels)
    }

    /// Makes sure that what is served is what the store says serves.
    func reloadServed() async throws(StorageError) {
        let number = store.serving
        if served.serving.number != number {
            let revision = try await LoadedRevision.load(number, from: store, base: base, known: served)
            revision.serving.prepare()
            adopt(revision)
        }
    }
}
