import Foundation
package import Storage
import Transformer

/// A burst that was asked for.
struct BurstRequest: Sendable {
    let id: Int
    let purpose: BurstJob.Purpose
    let method: TuningMethod
    let seed: UInt64?
}

/// What the learner remembers of bursts, to decide about the next.
package struct BurstHistory {
    /// One that an administrator asked for.
    var requested: BurstRequest?
    /// Whether one runs.
    var isRunning = false
    package var lastID = 0
    /// Bursts in a row that came to nothing by their own fault.
    package private(set) var failures = 0
    /// What the last one that came to nothing had seen of the journal.
    package private(set) var lastAttempt: Attempt?
    /// Since when enough corrections wait.
    var waitingSince: ContinuousClock.Instant?
    /// After a burst that could not be published, or a rebuild that failed, none begins before.
    package private(set) var notBefore: ContinuousClock.Instant?
    private var postponed = 0
    /// Bursts in a row that have taken the process with them.
    var deaths = 0
    /// The corrections that the burst that runs is made from.
    var users: SequenceSet?

    /// What a burst that came to nothing had seen, kept in its record.
    package struct Attempt: Codable, Equatable {
        package let upTo: Int64
        package let corrections: Int

        package init(upTo: Int64, corrections: Int) {
            self.upTo = upTo
            self.corrections = corrections
        }
    }

    package init() {}

    /// What the next burst's learning rate is multiplied by: smaller steps after one that was refused.
    package var caution: Float { failures == 0 ? 1 : failures == 1 ? 0.3 : 0.1 }

    /// Lets some time pass before the next burst, twice as much each time, up to `longest` seconds.
    package mutating func postpone(longest: Int = 300) {
        notBefore = .now + .seconds(min(1 << min(postponed, 16), longest))
        postponed += 1
    }

    /// Lets the more time pass before the next burst the more often in a row one has taken the process with it: from ten
    /// seconds, fewer starts than a service manager gives up after, to an hour.
    package mutating func postpone(deaths: Int) {
        self.deaths = deaths
        guard deaths > 0 else { return }
        notBefore = .now + .seconds(min(10 << min(2 * (deaths - 1), 16), 3600))
    }

    /// Whether so many waiting corrections are reason enough, after what became of earlier attempts.
    ///
    /// What was refused is not tried again with what it was refused for: as many new corrections must have come since as
    /// a burst asks for. After three times in a row the head is left to learn alone, until there is half as much again.
    package func allows(waitingSinceAttempt: (Int64) -> Int, live: Int, threshold: Int) -> Bool {
        guard let lastAttempt else { return true }
        guard waitingSinceAttempt(lastAttempt.upTo) >= threshold else { return false }
        return failures < 3 || live >= lastAttempt.corrections + lastAttempt.corrections / 2
    }

    /// Takes in how a burst ended.
    package mutating func note(_ outcome: BurstRecord.Outcome, _ attempt: Attempt?) {
        switch outcome {
        case .published:
            failures = 0
            lastAttempt = nil
            notBefore = nil
            postponed = 0
        case .rejected, .failed:
            // One that could not be written says nothing about what it learnt.
            guard let attempt else { return }
            failures += 1
            lastAttempt = attempt
        case .cancelled:
            lastAttempt = attempt ?? lastAttempt
        }
    }

    /// Takes in what is on record, newest first.
    package mutating func recall(_ records: [BurstRecord]) {
        lastID = records.first?.id ?? 0
        for record in records.reversed() {
            let attempt = BurstDetails(record).attempt
            // What only fitted a head says nothing about bodies; a rebuild that ended with the base model's does.
            if record.outcome == .published, record.method == TuningMethod.Name.head.rawValue, attempt == nil,
                record.revision == record.base
            {
                continue
            }
            // A rebuild that was published with the base model's body, because its own was refused.
            let isRefusal = record.outcome == .published && attempt != nil
            note(isRefusal ? .rejected : record.outcome, attempt)
        }
    }
}

extension BurstStatus {
    /// A burst on record.
    package init(_ record: BurstRecord) {
        self.init(
            id: record.id, state: State(rawValue: record.outcome.rawValue) ?? .failed,
            method: TuningMethod.Name(rawValue: record.method) ?? .head, isRebuild: BurstDetails(record).isRebuild,
            base: record.base, started: record.started)
        step = record.steps
        steps = record.steps
        seed = record.seed ?? 0
        revision = record.revision
        corrections = record.corrections
        finished = record.finished
        reason = record.reason
    }
}
