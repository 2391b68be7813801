import Dispatch
package import Inference
package import Logging
package import Storage
import Synchronization
import Transformer
import Tuning

/// Learns what the journal holds: refits the head on all live corrections, tunes the body in bursts, publishes and adopts.
///
/// A correction is felt at once by a quick refit; when corrections rest, a thorough one follows, and when enough have
/// come in, a burst. What is to be learnt is read off the journal and the serving revision alone, so that a crash at any
/// moment leaves nothing to repair.
package actor Learner {
    private nonisolated let executor = QueueExecutor(label: "learner", priority: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Whether corrections are learnt at all.
    package nonisolated let isEnabled: Bool
    nonisolated let signal = Signal()
    nonisolated let burstSignal = Signal()
    nonisolated let board = BurstBoard()
    private nonisolated let shared = Mutex(LearnerStatus())
    private nonisolated let publications = Atomic(0)
    nonisolated let mark: BurstMark

    let store: StateStore
    let engine: InferenceEngine
    let base: LearningBase
    private(set) var options: LearningOptions
    let logger: Logger
    let tuner = Tuner()
    /// Whose turn it is to fit a head, publish it and adopt it.
    let turn = Turn()
    /// The live corrections by the body that serves.
    var corrections: CorrectionTable
    /// Those by the body that served before, for a return to it.
    private var spare: (body: Int, table: CorrectionTable)?
    /// The revision that serves, as it was loaded or published.
    var served: LoadedRevision
    /// One other revision, for predictions that name it.
    let other = HeldRevision()
    var measures: Measures
    /// Tasks that wait until a correction has been learnt or refused.
    private var waiters: [Int64: [CheckedContinuation<Void, Never>]] = [:]
    /// Counts what has been resumed, so that nobody starts to wait for what has just happened.
    private var resumptions = 0
    /// What was refused for a reason that trying again will not change.
    var hopeless: HopelessRefit?
    /// The corrections that there were when users were last compared.
    var compared = SequenceSet()
    var lastCompared = ContinuousClock.now
    /// Who was looked at and cleared while others still wait for it.
    var cleared: Set<UInt32> = []
    /// What the table has and the journal does not yet call held back.
    var unmarked: [HeldBack] = []
    var bursts = BurstHistory()
    var lookedForTaint: TaintState?
    /// When to try again to erase what could not be erased; nil where nothing is left.
    var triesErasingAt: ContinuousClock.Instant?

    /// A learner that goes on from `served`, which `engine` serves already.
    package init(
        store: StateStore, engine: InferenceEngine, base: LearningBase, served: LoadedRevision,
        options: LearningOptions, logger: Logger
    ) {
        self.store = store
        self.engine = engine
        self.base = base
        self.served = served
        self.options = options
        self.logger = logger
        isEnabled = options.isEnabled
        mark = BurstMark(path: options.burstMark)
        measures = served.measures
        corrections = CorrectionTable(
            pipeline: engine.pipeline, body: served.body.body, holdoutShare: options.bursts.holdoutShare)
        shared.withLock {
            $0.labels = Set(options.labels).union(served.serving.head?.labels ?? [])
            $0.measures = served.measures
        }
    }

    /// Goes on with `options`, as far as that is possible while learning goes on.
    ///
    /// Whether there is learning at all, and which share is held back, stay as they were: the journal's table was made so.
    package func reconfigure(_ options: LearningOptions) {
        var options = options
        options.isEnabled = self.options.isEnabled
        options.bursts.holdoutShare = self.options.bursts.holdoutShare
        self.options = options
        wake()
    }

    /// What the learner is doing.
    package nonisolated var status: LearnerStatus { shared.withLock { $0 } }

    /// The burst that runs, or the last one; nil before the first.
    package nonisolated var burst: BurstStatus? { board.current }

    /// Whether a revision is being written and committed.
    package nonisolated var isPublishing: Bool { publications.load(ordering: .relaxed) > 0 }

    /// Publishes, and lets it be seen meanwhile.
    func publishInSight(_ draft: RevisionDraft) async throws(StorageError) -> Int {
        publications.add(1, ordering: .relaxed)
        defer { publications.subtract(1, ordering: .relaxed) }
        return try await store.publish(draft).number
    }

    /// Says that the journal has changed.
    package nonisolated func wake() { signal.raise() }

    /// Whether something has changed since work on the present state began, or a burst is to stop.
    nonisolated var isInterrupted: Bool { signal.isRaised || Task.isCancelled || board.isCancelled }

    nonisolated func update(_ change: @Sendable (inout LearnerStatus) -> Void) { shared.withLock { change(&$0) } }

    /// Makes a first head from the label names alone where nothing else could answer, so that the first request finds
    /// one, and recalls the last burst.
    package func prepare() async throws {
        try await recallBursts()
        guard served.serving.head == nil, !options.labels.isEmpty else { return }
        try await refit(isThorough: false)
    }

    /// Learns until the task is cancelled.
    package func run() async {
        guard isEnabled else { return }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.learn() }
                group.addTask { await self.tune() }
            }
        } onCancel: {
            _ = board.cancel()
        }
        for continuation in waiters.values.joined() { continuation.resume() }
        waiters = [:]
    }

    /// Refits heads as corrections come in, and says when a burst is due.
    private func learn() async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                update { $0.isBusy = true }
                try await catchUp()
                let isSettled = isThorough
                await removeTaintedOrWarn()
                // Whom it holds back is out of the table on the next pass only.
                if isSettled || isComparisonOverdue, try await crossCheck() { continue }
                let isDue = dueBurst != nil
                if isDue { burstSignal.raise() }
                let isBusy = !isSettled || isDue || bursts.isRunning
                report()
                update {
                    $0.isBusy = isBusy
                    $0.lastError = nil
                }
                pause = .milliseconds(500)
                if needsRefit { continue }
                let timeout = isSettled ? nextLook : options.idle
                if await !signal.wait(timeout: timeout), !isSettled, !Task.isCancelled {
                    try await settle()
                }
            } catch is CancellationError {
                break
            } catch {
                logger.error("learning failed, trying again later", metadata: ["error": "\(error)"])
                // After a commit of which it is not known whether it holds, the store may serve something else.
                try? await reloadServed()
                update { $0.lastError = "\(error)" }
                _ = await signal.wait(timeout: pause)
                pause = min(pause * 2, .seconds(60))
            }
        }
    }

    /// What cannot be removed now is in nobody's way but of those who want it gone: they are told.
    private func removeTaintedOrWarn() async {
        do {
            try await removeTainted()
        } catch {
            triesErasingAt = .now + Self.erasingPause
            logger.error("purged corrections may have left traces", metadata: ["reason": "\(error)"])
        }
    }

    /// The correction once it has been learnt or refused.
    ///
    /// - Throws: `StorageError`, or `CancellationError` when the task is cancelled or the learner stops.
    package func settled(_ sequence: Int64) async throws -> Correction {
        while true {
            let seen = resumptions
            let correction = try await store.correction(sequence)
            guard correction.state == .queued else { return correction }
            try Task.checkCancellation()
            guard seen == resumptions else { continue }
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiters[sequence, default: []].append($0) }
            } onCancel: {
                Task { await self.resume(sequence) }
            }
            try Task.checkCancellation()
        }
    }

    /// Starts to serve revision `number`; what it has not learnt is withheld from learning.
    package func activate(_ number: Int, expectedCurrent: Int?) async throws(StorageError) -> Activation {
        let revision = try await LoadedRevision.load(number, from: store, base: base, known: served)
        revision.serving.prepare()
        defer { wake() }
        // What came later is withheld, and new to this revision when it is released.
        let attempt = BurstHistory.Attempt(
            upTo: revision.head.ranges.last?.upperBound ?? 0, corrections: revision.head.count)
        do {
            let activation = try await store.activate(
                number, expectedCurrent: expectedCurrent, record: activationRecord(number, attempt))
            bursts.note(.cancelled, attempt)
            // Whoever asks for this very revision wants it as it is, not improved at the next rest.
            adopt(revision.asThorough())
            return activation
        } catch {
            // It may hold all the same, when only its durability is unknown.
            try? await reloadServed()
            throw error
        }
    }

    /// Serves `revision` unless the store has moved on since: then whoever moved it adopts what it moved to.
    ///
    /// - Parameter table: the live corrections by its body, where they are at hand.
    func adopt(_ revision: LoadedRevision, table: CorrectionTable? = nil) {
        guard store.serving == revision.serving.number else { return }
        if revision.body.number != served.body.number {
            let kept = spare?.body == revision.body.number ? spare?.table : nil
            // It is kept for its features, and not for packed weights that nobody may need again.
            corrections.rest()
            spare = (served.body.number, corrections)
            corrections =
                table ?? kept
                ?? CorrectionTable(
                    pipeline: engine.pipeline, body: revision.body.body, holdoutShare: options.bursts.holdoutShare)
            // What this body was judged by belongs to it; what was answered before learning does not.
            measures.experiences = revision.measures.experiences
            measures.holdout = revision.measures.holdout
            measures.holdoutCount = revision.measures.holdoutCount
        } else if let table {
            corrections = table
        }
        corrections.compute(with: revision.body.body)
        revision.serving.prepare()
        served = revision
        engine.adopt(revision.serving)
        hopeless = nil
        restBase()
        // Before anybody hears that a burst is over or a revision serves, who then asks how well it does. A table that is
        // to be filled first says nothing of users.
        if corrections.cursor > 0 { report() }
    }

    /// Lets go of what only a burst needed, packed weights of bodies that do not serve among it.
    func rest() {
        spare?.table.rest()
        restBase()
        Heap.giveBack()
    }

    /// Lets go of the base model's packed weights where it does not serve.
    func restBase() { base.serve(served.body.number == 0 ? served.body.body : nil) }

    /// Lets go of the table that is kept for a return to the body that served before.
    func forgetSpare() { spare = nil }

    /// Lets those go on that wait for `sequence`.
    func resume(_ sequence: Int64) {
        resumptions += 1
        for continuation in waiters.removeValue(forKey: sequence) ?? [] { continuation.resume() }
    }
}
