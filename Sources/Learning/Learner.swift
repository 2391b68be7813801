import Dispatch
package import Inference
package import Logging
package import Storage
import Synchronization
import Transformer
import Tuning

/// Learns what the journal holds: refits the head on all live corrections, publishes and adopts the result.
///
/// A correction is felt at once by a quick refit; when corrections rest, a thorough one follows. What is to be learnt is
/// read off the journal and the serving revision alone, so that a crash at any moment leaves nothing to repair.
package actor Learner {
    private nonisolated let executor = QueueExecutor(label: "learner", priority: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Whether corrections are learnt at all.
    package nonisolated let isEnabled: Bool
    private nonisolated let signal = Signal()
    private nonisolated let shared = Mutex(LearnerStatus())

    let store: StateStore
    let engine: InferenceEngine
    let base: ServingRevision
    let options: LearningOptions
    let logger: Logger
    let corrections: CorrectionTable
    /// The revision that serves, as it was loaded or published.
    var served: LoadedRevision
    /// One other revision, for predictions that name it.
    private var other: LoadedRevision?
    /// Tasks that wait until a correction has been learnt or refused.
    private var waiters: [Int64: [CheckedContinuation<Void, Never>]] = [:]
    /// Counts what has been resumed, so that nobody starts to wait for what has just happened.
    private var resumptions = 0
    /// What was refused for a reason that trying again will not change.
    var hopeless: HopelessRefit?

    /// A learner that goes on from `served`, which `engine` serves already.
    package init(
        store: StateStore, engine: InferenceEngine, base: ServingRevision, served: LoadedRevision,
        options: LearningOptions, logger: Logger
    ) {
        self.store = store
        self.engine = engine
        self.base = base
        self.served = served
        self.options = options
        self.logger = logger
        isEnabled = options.isEnabled
        corrections = CorrectionTable(pipeline: engine.pipeline, body: base.body)
        shared.withLock { $0.labels = Set(options.labels).union(served.serving.head?.labels ?? []) }
    }

    /// What the learner is doing.
    package nonisolated var status: LearnerStatus { shared.withLock { $0 } }

    /// Says that the journal has changed.
    package nonisolated func wake() { signal.raise() }

    /// Whether something has changed since work on the present state began.
    nonisolated var isInterrupted: Bool { signal.isRaised || Task.isCancelled }

    nonisolated func update(_ change: @Sendable (inout LearnerStatus) -> Void) { shared.withLock { change(&$0) } }

    /// Makes a first head from the label names alone where nothing else could answer, so that the first request finds one.
    package func prepare() async throws {
        guard served.serving.head == nil, !options.labels.isEmpty else { return }
        try await refit(isThorough: false)
    }

    /// Learns until the task is cancelled.
    package func run() async {
        guard isEnabled else { return }
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                update { $0.isBusy = true }
                try await catchUp()
                let isSettled = isThorough
                update {
                    $0.isBusy = !isSettled; $0.lastError = nil
                }
                pause = .milliseconds(500)
                if await !signal.wait(timeout: isSettled ? nil : options.idle), !isSettled, !Task.isCancelled {
                    try await settle()
                }
            } catch is CancellationError {
                break
            } catch {
                logger.error("learning failed, trying again later", metadata: ["error": "\(error)"])
                update { $0.lastError = "\(error)" }
                _ = await signal.wait(timeout: pause)
                pause = min(pause * 2, .seconds(60))
            }
        }
        for continuation in waiters.values.joined() { continuation.resume() }
        waiters = [:]
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
        let revision = try await LoadedRevision.load(number, from: store, base: base)
        defer { wake() }
        do {
            let activation = try await store.activate(number, expectedCurrent: expectedCurrent)
            // Whoever asks for this very revision wants it as it is, not improved at the next rest.
            adopt(revision.asThorough())
            return activation
        } catch {
            // It may hold all the same, when only its durability is unknown.
            try? await reloadServed()
            throw error
        }
    }

    /// Revision `number`, held in memory for predictions that ask for it by name.
    package func held(_ number: Int) async throws(StorageError) -> ServingRevision {
        if number == served.serving.number { return served.serving }
        if let other, other.serving.number == number { return other.serving }
        let revision = try await LoadedRevision.load(number, from: store, base: base)
        other = revision
        return revision.serving
    }

    /// Serves `revision` unless the store has moved on since: then whoever moved it adopts what it moved to.
    func adopt(_ revision: LoadedRevision) {
        guard store.serving == revision.serving.number else { return }
        served = revision
        engine.adopt(revision.serving)
        hopeless = nil
    }

    /// Lets those go on that wait for `sequence`.
    func resume(_ sequence: Int64) {
        resumptions += 1
        for continuation in waiters.removeValue(forKey: sequence) ?? [] { continuation.resume() }
    }
}
