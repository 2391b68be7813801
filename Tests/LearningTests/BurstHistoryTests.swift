import Foundation
import Learning
import Storage
import Testing
import Transformer

@Suite struct `The history of bursts` {
    private typealias Attempt = BurstHistory.Attempt

    private static let attempt = Attempt(upTo: 200, corrections: 100)

    private func history(_ outcomes: [BurstRecord.Outcome], _ attempt: BurstHistory.Attempt? = attempt) -> BurstHistory
    {
        var history = BurstHistory()
        for outcome in outcomes { history.note(outcome, attempt) }
        return history
    }

    private func allows(_ history: BurstHistory, new: Int, live: Int, threshold: Int = 48) -> Bool {
        history.allows(
            waitingSinceAttempt: { upTo in
                #expect(upTo == Self.attempt.upTo)
                return new
            }, live: live, threshold: threshold)
    }

    @Test func `makes steps smaller the more often bursts come to nothing`() {
        #expect(history([]).caution == 1)
        for outcome in [BurstRecord.Outcome.rejected, .failed] {
            #expect(history([outcome]).caution == 0.3)
            #expect(history([outcome, outcome]).caution == 0.1)
            #expect(history([outcome, outcome, outcome, outcome]).caution == 0.1)
        }
        #expect(history([.rejected, .cancelled]).caution == 0.3, "who cancels says nothing of the burst")
        #expect(history([.cancelled, .cancelled]).caution == 1)
        #expect(history([.rejected, .failed, .published]).caution == 1)
        #expect(history([.rejected, .failed, .published, .rejected]).caution == 0.3)
    }

    @Test func `puts a burst off the longer the more often one has ended the process`() throws {
        var history = BurstHistory()
        history.postpone(deaths: 0)
        #expect(history.notBefore == nil)
        // Later than the moment before, and not later than the moment after: no clock has to be trusted.
        for (deaths, seconds) in [(1, 10), (2, 40), (3, 160), (6, 3600), (100, 3600)] {
            let before = ContinuousClock.now
            history.postpone(deaths: deaths)
            let until = try #require(history.notBefore)
            #expect(until >= before + .seconds(seconds) && until <= .now + .seconds(seconds))
        }
    }

    @Test(arguments: [[BurstRecord.Outcome.rejected], [.failed], [.cancelled], [.rejected, .failed]])
    func `waits for as much that is new as a burst asks for`(outcomes: [BurstRecord.Outcome]) {
        let history = history(outcomes)
        #expect(!allows(history, new: 0, live: 100))
        #expect(!allows(history, new: 47, live: 147))
        #expect(allows(history, new: 48, live: 148))
        #expect(!allows(history, new: 48, live: 148, threshold: 49))
    }

    @Test func `leaves the head alone after three, until there is half as much again`() {
        for count in 3...5 {
            let history = history([BurstRecord.Outcome](repeating: .rejected, count: count))
            #expect(!allows(history, new: 48, live: 148))
            #expect(!allows(history, new: 49, live: 149))
            #expect(allows(history, new: 50, live: 150))
            #expect(!allows(history, new: 40, live: 150), "new ones are asked for as well")
        }
        // Two, and one that was cancelled.
        #expect(allows(history([.rejected, .failed, .cancelled]), new: 48, live: 148))
    }

    @Test func `allows what it knows nothing against`() {
        let all = [history([]), history([.rejected, .rejected, .rejected, .published])]
        for history in all {
            #expect(history.allows(waitingSinceAttempt: { _ in 0 }, live: 0, threshold: 48))
            #expect(history.lastAttempt == nil)
        }
    }

    @Test func `does not count a burst that could not be written`() {
        var history = history([.rejected])
        history.note(.failed, nil)
        #expect(history.caution == 0.3)
        #expect(history.lastAttempt == Self.attempt)
    }

    @Test func `keeps the attempt that counts when a burst was overtaken`() {
        var history = history([.rejected])
        history.note(.cancelled, nil)
        #expect(history.lastAttempt == Self.attempt)
        history.note(.cancelled, Attempt(upTo: 300, corrections: 150))
        #expect(history.lastAttempt == Attempt(upTo: 300, corrections: 150))
    }

    private func record(
        _ id: Int, _ outcome: BurstRecord.Outcome, _ attempt: BurstHistory.Attempt?
    ) throws -> BurstRecord {
        var details = try attempt.map { try JSONValue(encoding: $0) } ?? .object([:])
        // Records of refused bursts have the guard's report beside it.
        if case .object(var fields) = details {
            fields["guard"] = .object(["isAccepted": .bool(false)])
            details = .object(fields)
        }
        return BurstRecord(
            id: id, started: Date(timeIntervalSince1970: 1), finished: Date(timeIntervalSince1970: 2), method: "lora",
            outcome: outcome, base: 0, corrections: 10, steps: 20, details: details)
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>) func `is the same recalled as lived through`(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var lived = BurstHistory()
        var records: [BurstRecord] = []
        for id in 1...Int.random(in: 1...12, using: &random) {
            let outcome = BurstRecord.Outcome.allCases.randomElement(using: &random) ?? .failed
            let isKnown = outcome == .rejected || outcome == .failed || Bool.random(using: &random)
            let attempt = isKnown ? BurstHistory.Attempt(upTo: Int64(100 * id), corrections: 50 * id) : nil
            // A rebuild that was published without the body that it was refused.
            lived.note(outcome == .published && isKnown ? .rejected : outcome, attempt)
            records.insert(try record(id, outcome, attempt), at: 0)
        }
        var recalled = BurstHistory()
        recalled.recall(records)
        #expect(recalled.failures == lived.failures)
        #expect(recalled.caution == lived.caution)
        #expect(recalled.lastAttempt == lived.lastAttempt)
        #expect(recalled.lastID == records.count)
    }

    /// Both are recorded as published, with the method `head`.
    @Test(arguments: [false, true]) func `tells a rebuild without a body from a head alone`(isRebuild: Bool) throws {
        let records = [
            BurstRecord(
                id: 2, started: .now, finished: .now, method: "head", outcome: .published, revision: isRebuild ? 9 : 8,
                base: 8, corrections: 0, steps: 0),
            try record(1, .rejected, Self.attempt),
        ]
        var recalled = BurstHistory()
        recalled.recall(records)
        #expect(recalled.failures == (isRebuild ? 0 : 1))
    }

    @Test func `puts off the next burst longer and longer, until one is published`() throws {
        var history = BurstHistory()
        #expect(history.notBefore == nil)
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] + [Int](repeating: 300, count: 100) {
            let before = ContinuousClock.now
            history.postpone()
            let after = ContinuousClock.now
            let until = try #require(history.notBefore)
            #expect(before + .seconds(seconds) <= until && until <= after + .seconds(seconds))
        }
        history.note(.published, nil)
        #expect(history.notBefore == nil)
        history.postpone()
        #expect(try #require(history.notBefore) <= .now + .seconds(1))
    }

    @Test func `recalls nothing of nothing`() {
        var history = BurstHistory()
        history.recall([])
        #expect(history.lastID == 0 && history.failures == 0 && history.lastAttempt == nil)
    }

    @Test func `reads in the details of a record what was put there`() throws {
        func read(_ details: JSONValue) -> BurstDetails {
            BurstDetails(
                BurstRecord(
                    id: 1, started: .now, finished: .now, method: "head", outcome: .cancelled, base: 0, corrections: 0,
                    steps: 0, details: details))
        }
        var details = BurstDetails()
        #expect(read(.object([:])) == details)
        details.attempt = Self.attempt
        #expect(read(try JSONValue(encoding: Self.attempt)) == details, "as records of before have it")
        details.isRebuild = true
        #expect(read(try JSONValue(encoding: details)) == details)
        #expect(!details.isActivation)
        details.prequential = Measures.Prequential()
        #expect(read(try JSONValue(encoding: details)) == details)
        #expect(details.isActivation)
        // What cannot be read leaves the rest.
        var fields = try JSONValue(encoding: details).decode(as: [String: JSONValue].self)
        (fields["rebuild"], fields["prequential"], fields["guard"]) = (.integer(2), .string("many"), .array([]))
        details = BurstDetails()
        details.attempt = Self.attempt
        #expect(read(.object(fields)) == details)
    }

    @Test(arguments: BurstRecord.Outcome.allCases) func `shows a burst on record as it ended`(
        outcome: BurstRecord.Outcome
    ) throws {
        let record = BurstRecord(
            id: 7, started: Date(timeIntervalSince1970: 5), finished: Date(timeIntervalSince1970: 9),
            method: "top-layers", seed: 42, outcome: outcome, reason: "so it was", base: 3, corrections: 60, steps: 25)
        let status = BurstStatus(record)
        #expect(status.state.rawValue == outcome.rawValue)
        #expect(status.isOver)
        #expect(status.id == 7 && status.method == .topLayers && status.seed == 42 && status.base == 3)
        #expect(status.corrections == 60 && status.step == 25 && status.steps == 25)
        #expect(status.started == record.started && status.finished == record.finished)
        #expect(status.reason == "so it was")
    }
}
