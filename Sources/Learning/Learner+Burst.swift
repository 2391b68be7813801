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
        let method = name.map(options.bursts.method) ?? options.bursts.method
        if method != .head, !isRebuild { try checkWorth() }
        bursts.lastID = max(bursts.lastID, store.lastBurstID) + 1
        // A body that has learnt what a rollback withholds cannot be gone on from.
        let isGoingOn = method == .head || served.usedByBody.intersection(corrections.withheld).isEmpty
        let purpose: BurstJob.Purpose = isRebuild ? .rebuild : isGoingOn ? .tune : .consolidate
        let request = BurstRequest(id: bursts.lastID, purpose: purpose, method: method, seed: seed)
        bursts.requested = request
        let status = show(request)
        burstSignal.raise()
        return status
    }

    /// Throws unless a burst that goes on could be published.
    private func checkWorth() throws(BurstRefusal) {
        guard !mustRebuild else { throw .pointless("corrections were taken back: the body is about to be made anew") }
        guard corrections.set.count > corrections.heldBack.count else {
            throw .pointless("there are no corrections to train on")
        }
        if let lack { throw .pointless(lack) }
    }

    /// What the corrections lack for a body to be trained on them and judged by them; nil if nothing.
    private var lack: String? {
        guard corrections.canTrain else {
            return "all corrections that the body may learn from have one label: nothing to tell apart"
        }
        let (heldBack, fewest) = (corrections.heldBack.count, options.bursts.judging.fewest)
        guard heldBack < fewest else { return nil }
        return """
            \(heldBack) corrections are held back to judge a body by, and it takes \(fewest): teach about \
            \((fewest - heldBack) * options.bursts.holdoutShare) more
            """
    }

    /// How burst `id` is doing, until it is over.
    package nonisolated func burstUpdates(of id: Int) -> AsyncStream<BurstStatus> { board.updates(of: id) }

    /// Stops the burst that runs or waits; what it is, or nil if there is none.
    package nonisolated func cancelBurst() -> BurstStatus? { board.cancel() }

    /// For a process that ends without waiting for the burst: nothing went wrong with it.
    package nonisolated func abandonBurst() { mark.end() }

    /// Corrections that the body may learn and has not.
    var waitingForBody: SequenceSet {
        corrections.set.sequences.subtracting(corrections.heldBack).subtracting(served.usedByBody)
    }

    /// Whether what serves was made with corrections that were taken back, by its body.
    var mustRebuild: Bool { !served.usedByBody.intersection(corrections.takenBack).isEmpty }

    /// When to look again whether a burst is due; nil for when something changes.
    var nextLook: Duration? {
        if bursts.isRunning { return nil }
        if let notBefore = bursts.notBefore, notBefore > .now { return ContinuousClock.now.duration(to: notBefore) }
        if bursts.waitingSince != nil { return .seconds(10) }
        return hasTraces ? Self.erasingPause : nil
    }

    /// Why a burst should begin now; nil if none should.
    var dueBurst: BurstJob.Purpose? {
        if bursts.isRunning { return nil }
        guard let purpose = prospect.purpose else {
            bursts.waitingSince = nil
            return nil
        }
        let since = bursts.waitingSince ?? .now
        bursts.waitingSince = since
        if let notBefore = bursts.notBefore, notBefore > .now { return nil }
        return isThorough || since.duration(to: .now) > options.bursts.longestWait ? purpose : nil
    }

    /// Why a burst should begin once corrections rest, or else why none does though corrections wait for it.
    var prospect: (purpose: BurstJob.Purpose?, hindrance: String?) {
        if mustRebuild { return (.rebuild, nil) }
        let waiting = waitingForBody
        guard waiting.count > 0 else { return (nil, nil) }
        let policy = options.bursts
        guard isEnabled else { return (nil, "learning is switched off (learning.enabled)") }
        guard policy.isEnabled else { return (nil, "bursts are started by hand only (tuning.enabled)") }
        guard policy.method != .head else { return (nil, "the head alone learns (tuning.method)") }
        let trainable = corrections.set.count - corrections.heldBack.count
        var purpose = policy.purpose(trainable: trainable)
        // A body that has learnt what a rollback withholds cannot be gone on from.
        if !served.usedByBody.intersection(corrections.withheld).isEmpty { purpose = .consolidate }
        let threshold = policy.threshold(learnt: served.bodySet.count, purpose)
        guard waiting.count >= threshold else { return (nil, "a burst begins when \(threshold) wait") }
        if let lack { return (nil, lack) }
        let isAllowed = bursts.allows(
            waitingSinceAttempt: { upTo in waiting.elements.reduce(0) { $0 + ($1 > upTo ? 1 : 0) } },
            live: corrections.set.count, threshold: threshold)
        guard isAllowed else {
            return (nil, "the last burst came to nothing, and too little is new since for another to begin by itself")
        }
        return (purpose, nil)
    }

    /// Runs the bursts that are due or asked for, one after another.
    func tune() async {
        while !Task.isCancelled {
            if let request = await nextBurst() {
                await run(request)
                wake()
            } else {
                _ = await burstSignal.wait()
            }
        }
    }

    /// The burst to run now.
    private func nextBurst() async -> BurstRequest? {
        if let request = bursts.requested {
            bursts.requested = nil
            return request
        }
        guard dueBurst != nil else { return nil }
        // Nobody's corrections get into the body without having been compared with the others'.
        do {
            if try await crossCheck(isInterruptible: false) { try await catchUp() }
        } catch {
            if !Self.isCancellation(error) {
                logger.warning("users could not be compared", metadata: ["reason": "\(error)"])
            }
            return nil
        }
        // An administrator may have asked for one meanwhile, and waits for that.
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
        var status = BurstStatus(
            id: request.id, state: .waiting, method: request.method.name, isRebuild: request.purpose == .rebuild,
            base: served.serving.number, started: Date())
        status.seed = request.seed ?? 0
        board.show(status)
        return status
    }

    /// How a burst ended.
    private struct Ending {
        let outcome: BurstRecord.Outcome
        var revision: Int?
        var reason: String?
    }

    /// Runs one burst to its end, whatever that is.
    private func run(_ request: BurstRequest) async {
        bursts.isRunning = true
        update { $0.isBusy = true }
        logger.info(
            "a burst begins",
            metadata: [
                "burst": "\(request.id)", "method": "\(request.method.name.rawValue)",
                "purpose": "\(request.purpose.rawValue)",
            ])
        mark.begin(after: bursts.deaths)
        let ending = await outcome(of: request)
        mark.end()
        bursts.deaths = 0
        if ending.outcome != .published || ending.revision == nil { try? await reloadServed() }
        bursts.isRunning = false
        bursts.users = nil
        rest()
        // The last thing: whoever waited for it may ask for the next one.
        finish(
            BurstStatus.State(rawValue: ending.outcome.rawValue) ?? .failed, revision: ending.revision,
            reason: ending.reason)
    }

    private func outcome(of request: BurstRequest) async -> Ending {
        let attempt = attempt
        do {
            if request.method == .head, request.purpose == .tune {
                return try await fitHead(request)
            }
            if try await crossCheck(isInterruptible: false) { try await catchUp() }
            let job = try await job(request)
            let run = BurstRun(job: job, base: base, pipeline: engine.pipeline, board: board)
            switch try await tuner.run(run) {
            case .accepted(let candidate):
                let number = try await publish(candidate, job, attempt)
                // A rebuild that ended with the base model's body was refused: that is not tried again at once.
                bursts.note(candidate.report?.isAccepted == false ? .rejected : .published, attempt)
                bursts.waitingSince = nil
                return Ending(outcome: .published, revision: number, reason: candidate.shortfall)
            case .rejected(let report):
                return await record(.rejected, report.reason ?? "the guard refused it", attempt, report)
            }
        } catch let error as OutdatedBurst {
            bursts.postpone()
            return await record(.cancelled, error.description, nil, nil)
        } catch let error where Self.isCancellation(error) || board.isCancelled || Task.isCancelled {
            if Task.isCancelled { return await record(.cancelled, "the daemon stopped", nil, nil) }
            if let reason = whyOutdated {
                bursts.postpone()
                return await record(.cancelled, reason, nil, nil)
            }
            if request.purpose == .rebuild { bursts.postpone() }
            return await record(.cancelled, Self.cancelled, attempt, nil)
        } catch let error as StorageError {
            // Nothing is wrong with the burst: it is due again once it can be written. It is trained for nothing until
            // then, and so seldom where that takes long.
            bursts.postpone(longest: 3600)
            return await record(.failed, "\(error)", nil, nil)
        } catch {
            if request.purpose == .rebuild { bursts.postpone() }
            return await record(.failed, "\(error)", attempt, nil)
        }
    }

    private static let cancelled = "it was cancelled"

    /// A burst that leaves the body as it is.
    private func fitHead(_ request: BurstRequest) async throws -> Ending {
        try await catchUp()
        if !board.isCancelled { try await refit(isThorough: true) }
        if isHopeless {
            return await record(.failed, status.lastError ?? "no head can be fitted to the corrections", nil, nil)
        }
        // Of bodies it says nothing, so that none is kept waiting for it.
        if board.isCancelled, !Task.isCancelled { return await record(.cancelled, Self.cancelled, nil, nil) }
        guard isThorough else {
            return await record(
                .cancelled, "corrections came in meanwhile: the head is fitted to them, and to its end once they rest",
                nil, nil)
        }
        let number = served.serving.number
        await keep(
            BurstRecord(
                id: request.id, started: board.current?.started ?? Date(), finished: Date(),
                method: request.method.name.rawValue, outcome: .published, revision: number, base: number,
                corrections: 0, steps: 0))
        return Ending(outcome: .published, revision: number)
    }

    /// What a burst that begins now can have seen.
    var attempt: BurstHistory.Attempt {
        BurstHistory.Attempt(
            upTo: corrections.set.sequences.ranges.last?.upperBound ?? 0, corrections: corrections.set.count)
    }

    /// Records a burst that came to nothing, and says so.
    private func record(
        _ outcome: BurstRecord.Outcome, _ reason: String, _ attempt: BurstHistory.Attempt?, _ report: GuardReport?
    ) async -> Ending {
        bursts.note(outcome, attempt)
        let ending = Ending(outcome: outcome, reason: reason)
        guard let status = board.current else { return ending }
        logger.log(
            level: outcome == .failed ? .error : .notice, "a burst came to nothing",
            metadata: ["burst": "\(status.id)", "outcome": "\(outcome.rawValue)", "reason": "\(reason)"])
        do {
            var details = BurstDetails()
            details.attempt = attempt
            details.report = report
            details.isRebuild = status.isRebuild
            await keep(
                BurstRecord(
                    id: status.id, started: status.started, finished: Date(), method: status.method.rawValue,
                    seed: status.seed, outcome: outcome, reason: reason, base: status.base,
                    corrections: status.corrections, steps: status.step, details: try JSONValue(encoding: details)))
        } catch {
            logger.warning("a burst was not recorded", metadata: ["burst": "\(status.id)", "reason": "\(error)"])
        }
        return ending
    }

    /// Why the burst that runs could not be published; nil where it could.
    private var whyOutdated: String? {
        let users = bursts.users ?? SequenceSet()
        if !corrections.takenBack.intersection(users).isEmpty {
            return "corrections that it was made from were taken back"
        }
        if !corrections.withheld.intersection(users).isEmpty {
            return "revision \(served.serving.number) was activated, which has not learnt what it was made from"
        }
        return nil
    }

    /// Stops the burst that runs if it could not be published.
    func stopOutdatedBurst() {
        if whyOutdated != nil { _ = board.cancel() }
    }

    private static func isCancellation(_ error: any Error) -> Bool {
        error is CancellationError || error as? BurstError == .cancelled
    }

    /// What the burst is to be made from, as of now.
    private func job(_ request: BurstRequest) async throws -> BurstJob {
        try await holdBack([])
        var latest: [Int64: Correction] = [:]
        var cursor: Int64 = 0
        while true {
            let page = try await store.changes(after: cursor, limit: 512)
            guard let last = page.last else { break }
            for correction in page { latest[correction.sequence] = correction }
            cursor = last.change
            try Task.checkCancellation()
        }
        let quarantined = Set(latest.values.lazy.filter { $0.state == .quarantined }.map(\.content.uid))
        let changes = latest.values
            .filter { !$0.state.isLive || $0.isVouchedFor || !quarantined.contains($0.content.uid) }
            .sorted { $0.change < $1.change }
        let live = changes.filter(\.state.isLive)
        bursts.users = SequenceSet(live.map(\.sequence).sorted())
        // A body that is gone on from brings what it has learnt, live or superseded.
        if request.purpose == .tune, let users = bursts.users {
            bursts.users = users.union(served.usedByBody.subtracting(corrections.withheld))
        }
        // What was taken back since it was asked for stops nothing any more.
        if let reason = whyOutdated { throw OutdatedBurst(description: reason) }
        let own = base.head?.labels ?? []
        // A rebuild knows nothing but what is there; else the table may have more for a moment.
        let others = request.purpose == .rebuild ? [] : Array(corrections.labels)
        let labels =
            own + Set(options.labels).union(others).union(live.map(\.content.label)).subtracting(own).sorted()
        return BurstJob(
            id: request.id, purpose: request.purpose, method: request.method, seed: request.seed,
            caution: request.purpose == .rebuild ? 1 : bursts.caution, parent: served,
            examples: corrections.examples, labels: labels, changes: changes, policy: options.bursts)
    }
}
