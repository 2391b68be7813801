package import Foundation

/// What became of one burst: written once, when it has ended.
package struct BurstRecord: Equatable, Sendable {
    package enum Outcome: String, CaseIterable, Sendable {
        case published, rejected, failed, cancelled
    }

    /// Its number, from 1, which no other burst ever has.
    package let id: Int
    /// To the millisecond, as they are stored.
    package let started: Date
    package let finished: Date
    package let method: String
    package let seed: UInt64?
    package let outcome: Outcome
    /// Why it was not published.
    package let reason: String?
    /// The revision that it became.
    package internal(set) var revision: Int?
    /// The revision that it began from; 0 is the base model.
    package let base: Int
    /// How many corrections it trained on, and how many steps.
    package let corrections: Int
    package let steps: Int
    /// What else there is to say, for others to read.
    package let details: JSONValue

    package init(
        id: Int, started: Date, finished: Date, method: String, seed: UInt64? = nil, outcome: Outcome,
        reason: String? = nil, revision: Int? = nil, base: Int, corrections: Int, steps: Int,
        details: JSONValue = .object([:])
    ) {
        self.id = id
        self.started = Date(milliseconds: started.milliseconds)
        self.finished = Date(milliseconds: finished.milliseconds)
        self.method = method
        self.seed = seed
        self.outcome = outcome
        self.reason = reason
        self.revision = revision
        self.base = base
        self.corrections = corrections
        self.steps = steps
        self.details = details
    }

    func validate() throws(StorageError) {
        guard id > 0, base >= 0, corrections >= 0, steps >= 0 else {
            throw StorageError(.invalid, "burst \(id) has a number that is none")
        }
        for (name, value) in [("method", method), ("reason", reason ?? "")] where value.utf8.contains(0) {
            throw StorageError(.invalid, "the \(name) of burst \(id) contains a NUL character")
        }
    }
}
