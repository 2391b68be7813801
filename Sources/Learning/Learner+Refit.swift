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
    let base: Int
    /// Whether what serves has seen corrections that were retracted since.
    let isForgetting: Bool
    /// What the head to be, or one it is fitted from, will have seen.
    let seen: SequenceSet
}

extension Learner {
    /// Whether the head that serves has learnt all there is, as well as it can be learnt.
    var isThorough: Bool { isHopeless || (!isBehind && served.isThorough) }

    /// Whether the head that serves was made from other corrections or labels than there are now.
    private var isBehind: Bool {
        corrections.set.sequences != served.head || labels != served.serving.head?.labels ?? []
    }

    private var isHopeless: Bool { hopeless == HopelessRefit(set: corrections.set, labels: labels) }

    /// The labels of the head to be: those of the model's own head, then the others by name.
    private var labels: [String] {
        let own = base.head?.labels ?? []
        return own + Set(options.labels).union(corrections.labels).subtracting(own).sorted()
    }

    /// Reads what is new in the journal; if the head is behind, refits it quickly, publishes and adopts it.
    func catchUp() async throws {
        try await synchronise()
        while isBehind, !isHopeless, !labels.isEmpty || served.serving.number != 0 {
            try await refit(isThorough: false)
            try await synchronise()
        }
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
        while try await takeChanges() {
            await Task.yield()
            try Task.checkCancellation()
        }
        let labels = Set(labels)
        update { $0.labels = labels }
    }

    /// Takes in the next changes; false if there were none.
    private func takeChanges() async throws -> Bool {
        let changes = try await store.changes(after: corrections.cursor, limit: 256)
        let faults = corrections.apply(changes)
        for change in changes where change.state != .queued { resume(change.sequence) }
        for fault in faults {
            _ = try await store.refuse(SequenceSet([fault.sequence]), as: .rejected, reason: fault.reason)
        }
        return !changes.isEmpty
    }

    /// Fits, publishes and adopts.
    func refit(isThorough: Bool) async throws {
        let started = ContinuousClock.now
        let plan = plan(isThorough: isThorough)
        if plan.labels.isEmpty {
            try await publishNothing(plan)
            return
        }
        guard let fit = try await fitOrRefuse(plan) else { return }
        if isThorough, fit.head == served.serving.head {
            served = served.asThorough(settings: fit.settings)
            return
        }
        guard let number = try await publish(fit, plan) else {
            // The journal or the serving revision moved on meanwhile; what is due now is seen on the next look.
            try await reloadServed()
            return
        }
        adopt(
            LoadedRevision(
                serving: ServingRevision(number: number, body: base.body, head: fit.head), head: plan.set.sequences,
                seen: plan.seen, settings: fit.settings, isThorough: fit.isThorough))
        report(fit, plan, number: number, seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    /// What the next head is to be made of.
    private func plan(isThorough: Bool) -> RefitPlan {
        let isForgetting = !served.seen.intersection(corrections.retracted).isEmpty
        let set = corrections.set
        return RefitPlan(
            set: set, labels: labels, isThorough: isThorough, base: served.serving.number, isForgetting: isForgetting,
            seen: isForgetting ? set.sequences : served.seen.union(set.sequences))
    }

    /// With the last label gone there is nothing left to predict, and the next revision says so.
    private func publishNothing(_ plan: RefitPlan) async throws {
        var draft = RevisionDraft(
            parent: 0, expectedServing: plan.base, method: "head", kernelPath: options.kernelPath, body: .base,
            files: [], head: plan.set, labels: [])
        draft.steps = 0
        guard let number = try await publish(draft) else { return try await reloadServed() }
        adopt(
            LoadedRevision(
                serving: ServingRevision(number: number, body: base.body, head: nil), head: plan.set.sequences,
                seen: plan.set.sequences, settings: nil, isThorough: true))
    }

    /// The head for `plan`; nil when interrupted, or when none could be fitted and what is new was refused.
    private func fitOrRefuse(_ plan: RefitPlan) async throws -> HeadFit? {
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
    private func fit(_ plan: RefitPlan, isCold: Bool) throws(TuningError) -> HeadFit? {
        let problem = HeadProblem(
            examples: corrections.examples, labels: plan.labels, names: corrections.nameFeatures(plan.labels),
            base: base.head)
        // What was retracted must leave no trace, so then there is no warm start from a head that has seen it.
        let found = try problem.fit(
            parent: isCold ? nil : served.serving.head,
            settings: isCold ? nil : served.settings.flatMap { $0.chosenAt > 0 ? $0 : nil },
            isThorough: plan.isThorough,
            new: corrections.keys(of: plan.set.sequences.subtracting(served.head)),
            isInterrupted: { Task.isCancelled || plan.isThorough && isInterrupted })
        if let found, let fault = problem.fault(in: found.head) { throw TuningError(fault) }
        return found
    }

    /// The number of the revision published, or nil if the store says that the plan is out of date.
    private func publish(_ fit: HeadFit, _ plan: RefitPlan) async throws -> Int? {
        try await publish(try draft(fit, plan))
    }

    private func publish(_ draft: RevisionDraft) async throws -> Int? {
        do {
            return try await store.publish(draft).number
        } catch let error where error.code == .conflict {
            return nil
        }
    }

    private func draft(_ fit: HeadFit, _ plan: RefitPlan) throws -> RevisionDraft {
        let bytes = HeadFile.bytes(fit.head, settings: fit.settings, isThorough: fit.isThorough, seen: plan.seen)
        var draft = RevisionDraft(
            parent: plan.isForgetting ? 0 : plan.base, expectedServing: plan.base, method: "head",
            kernelPath: options.kernelPath, body: .base,
            files: [RevisionFile(name: HeadFile.name, content: .bytes(bytes))], head: plan.set, labels: plan.labels)
        draft.hyperparameters = try JSONValue(encoding: fit.settings)
        draft.steps = fit.iterations
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
            adopt(try await LoadedRevision.load(number, from: store, base: base))
        }
    }
}
