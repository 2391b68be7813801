import Foundation
import Inference
import Logging
import Storage
package import Transformer
import Tuning

/// Why a burst cannot be started.
package enum BurstRefusal: Error, Sendable, CustomStringConvertible {
    /// Another one runs or waits.
    case busy(BurstStatus?)
    /// There is nothing to train on, or to train.
    case pointless(String)

    package var description: String {
        switch self {
        case .busy(let burst): "burst \(burst?.id ?? 0) is not over yet; cancel it or wait"
        case .pointless(let reason): reason
        }
    }
}

/// What a burst was made from does not hold any more.
struct OutdatedBurst: Error, CustomStringConvertible {
    let description: String
}

extension Learner {
    /// Starts a burst for an administrator, whatever is due.
    ///
    /// - Parameters:
    ///   - method: nil for the configured one.
    ///   - isRebuild: whether to begin from the base model, with all corrections.
    /// - Returns: the burst, which waits or runs.
    package func startBurst(
        method name: TuningMethod.Name?, seed: UInt64?, isRebuild: Bool
    ) throws(BurstRefusal) -> BurstStatus {
        if bursts.isRunning || bursts.requested != nil {
            // A rebuild that is under way is the one that is asked for.
            if isRebuild, name == nil, seed == nil, let current = board.current, current.isRebuild { return current }
            throw .busy(board.current)
        }
        guard isEnabled else { throw .pointless("learning is switched off (learning.enabled)") }
        let method = name.map(self.method) ?? options.bursts.method
        if method == .head, !isRebuild {
            throw .pointless("the method 'head' needs no burst: the head is refitted with every correction")
        }
        guard corrections.set.sequences.subtracting(corrections.heldBack).count > 0 || isRebuild else {
            throw .pointless("there are no corrections to train on")
        }
        bursts.lastID = max(bursts.lastID, store.lastBurstID) + 1
        let request = BurstRequest(
            id: bursts.lastID, purpose: isRebuild ? .rebuild : .tune, method: method, seed: seed)
        bursts.requested = request
        let status = show(request)
        burstSignal.raise()
        return status
    }

    /// Every change of the burst that runs or waits, until it is over.
    package nonisolated func burstUpdates() -> AsyncStream<BurstStatus> { board.updates() }

    /// Stops the burst that runs or waits; what it is, or nil if there is none.
    package nonisolated func cancelBurst() -> BurstStatus? { board.cancel() }

    /// Reads what became of earlier bursts.
    func recallBursts() async throws(StorageError) {
        let records = try await store.bursts(limit: 20)
        bursts.recall(records)
        if let last = records.first { board.show(BurstStatus(last)) }
    }

    /// The method of this name with the configured numbers.
    private func method(_ name: TuningMethod.Name) -> TuningMethod {
        if name == options.bursts.method.name { return options.bursts.method }
        return switch name {
        case .head: .head
        case .bias: .bias
        case .lora: .lora(LowRankPlan())
        case .topLayers: .topLayers(2)
        case .full: .full
        }
    }

    /// Corrections that the body may learn and has not.
    private var waitingForBody: SequenceSet {
        corrections.set.sequences.subtracting(corrections.heldBack).subtracting(served.usedByBody)
    }

    /// Whether what serves was made with corrections that were taken back, by its body.
    private var mustRebuild: Bool {
        !served.usedByBody.intersection(corrections.takenBack).isEmpty
    }

    /// Why a burst should begin now; nil if none should.
    var dueBurst: BurstJob.Purpose? {
        if bursts.isRunning { return nil }
        if mustRebuild {
            return isThorough && bursts.rebuildNotBefore.map { $0 <= .now } ?? true ? .rebuild : nil
        }
        let policy = options.bursts
        let waiting = waitingForBody
        let trainable = corrections.set.count - corrections.heldBack.count
        let purpose = policy.purpose(trainable: trainable)
        let threshold = policy.threshold(learnt: served.bodySet.count, purpose)
        let isEnough =
            policy.isEnabled && policy.method != .head && waiting.count >= threshold
            && corrections.heldBack.count >= policy.judging.fewest
            && bursts.allows(
                waitingSinceAttempt: { upTo in waiting.elements.reduce(0) { $0 + ($1 > upTo ? 1 : 0) } },
                live: corrections.set.count, threshold: threshold)
        guard isEnough else {
            bursts.waitingSince = nil
            return nil
        }
        let since = bursts.waitingSince ?? .now
        bursts.waitingSince = since
        return isThorough || since.duration(to: .now) > policy.longestWait ? purpose : nil
    }

    /// Runs the bursts that are due or asked for, one after another.
    func tune() async {
        while !Task.isCancelled {
            if let request = nextBurst() {
                await run(request)
                wake()
            } else {
                _ = await burstSignal.wait()
            }
        }
    }

    /// The burst to run now.
    private func nextBurst() -> BurstRequest? {
        if let request = bursts.requested {
            bursts.requested = nil
            return request
        }
        guard let purpose = dueBurst else { return nil }
        bursts.lastID = max(bursts.lastID, store.lastBurstID) + 1
        let request = BurstRequest(
            id: bursts.lastID, purpose: purpose, method: options.bursts.method, seed: nil)
        _ = show(request)
        return request
    }

    private func show(_ request: BurstRequest) -> BurstStatus {
        let status = BurstStatus(
            id: request.id, state: .waiting, method: request.method.name, isRebuild: request.purpose == .rebuild,
            base: served.serving.number, started: Date())
        board.show(status)
        return status
    }

    /// Runs one burst to its end, whatever that is.
    private func run(_ request: BurstRequest) async {
        bursts.isRunning = true
        update { $0.isBusy = true }
        defer { bursts.isRunning = false }
        logger.info(
            "a burst begins",
            metadata: [
                "burst": "\(request.id)", "method": "\(request.method.name.rawValue)",
                "purpose": "\(request.purpose.rawValue)",
            ])
        let attempt = BurstHistory.Attempt(
            upTo: corrections.set.sequences.ranges.last?.upperBound ?? 0, corrections: corrections.set.count)
        do {
            let job = try await job(request)
            let run = BurstRun(job: job, base: base, pipeline: engine.pipeline, board: board)
            switch try await tuner.run(run) {
            case .accepted(let candidate):
                let number = try await publish(candidate, job)
                bursts.note(.published, nil)
                bursts.waitingSince = nil
                bursts.rebuildNotBefore = nil
                finish(.published, revision: number, reason: candidate.burst == nil ? candidate.report?.reason : nil)
            case .rejected(let report):
                let reason = report.reason ?? "the guard refused it"
                try await record(.rejected, reason, attempt, report)
            }
        } catch let error as OutdatedBurst {
            try? await record(.cancelled, error.description, nil, nil)
        } catch let error where Self.isCancellation(error) || board.isCancelled || Task.isCancelled {
            try? await record(.cancelled, "it was cancelled", attempt, nil)
            if request.purpose == .rebuild { bursts.rebuildNotBefore = .now + Self.rebuildPause }
        } catch {
            try? await record(.failed, "\(error)", attempt, nil)
            if request.purpose == .rebuild { bursts.rebuildNotBefore = .now + Self.rebuildPause }
        }
    }

    private static let rebuildPause = Duration.seconds(60)

    private static func isCancellation(_ error: any Error) -> Bool {
        error is CancellationError || error as? BurstError == .cancelled
    }

    /// What the burst is to be made from, as of now.
    private func job(_ request: BurstRequest) async throws -> BurstJob {
        var latest: [Int64: Correction] = [:]
        var cursor: Int64 = 0
        while true {
            let page = try await store.changes(after: cursor, limit: StateStore.pageLimit)
            guard let last = page.last else { break }
            for correction in page { latest[correction.sequence] = correction }
            cursor = last.change
            try Task.checkCancellation()
        }
        let changes = latest.values.sorted { $0.change < $1.change }
        let used = changes.filter(\.state.isLive).map(\.content.label)
        let own = base.head?.labels ?? []
        let labels = own + Set(options.labels).union(corrections.labels).union(used).subtracting(own).sorted()
        return BurstJob(
            id: request.id, purpose: request.purpose, method: request.method, seed: request.seed,
            caution: request.purpose == .rebuild ? 1 : bursts.caution, parent: served,
            examples: corrections.examples, labels: labels, changes: changes, policy: options.bursts)
    }
}
