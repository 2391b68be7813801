import Foundation
import Learning
import Storage
import Testing
import Transformer
import Tuning

/// A learner under random use: users who are right, change their minds or are wrong, administrators who take back, erase,
/// roll back and start bursts, disks that fill up, and restarts, in an order that a seed gives.
private struct RandomUse {
    static let labels = ["money", "sport"]
    private static let refusals: [StorageError.Code] = [
        .readOnly, .conflict, .notFound, .durabilityUnknown, .inputOutput,
    ]

    private var random: SeededGenerator
    private(set) var pupil: Pupil
    /// What was acknowledged, and as what.
    private(set) var taught: [Int64: (text: String, label: String)] = [:]
    private(set) var retracted: Set<Int64> = []
    /// What was to be erased, and may have been.
    private(set) var unsure: Set<Int64> = []
    private(set) var log: [String] = []

    init(seed: UInt64) async throws {
        random = SeededGenerator(state: seed)
        pupil = try await Pupil(labels: Self.labels, Self.policy)
    }

    /// Small bursts that come often.
    static func policy(_ policy: inout BurstPolicy) {
        policy.method = .bias
        policy.startAfter = 16
        policy.holdoutShare = 3
        policy.judging.fewest = 4
        policy.longestWait = .milliseconds(200)
        policy.longestBurst = .milliseconds(300)
    }

    /// Does one thing more; what is refused for want of room, or because it does not suit the moment, is left undone.
    mutating func step() async throws {
        do {
            try await doSomething()
        } catch let error as StorageError where Self.refusals.contains(error.code) {
            log.append("  refused: \(error.text)")
        } catch let error as BurstRefusal {
            log.append("  refused: \(error)")
        }
    }

    private mutating func doSomething() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<44: try await teach(by: UInt32.random(in: 1...2, using: &random), isRight: true)
        case 44..<50: try await teach(by: UInt32.random(in: 1...2, using: &random), isRight: false)
        case 50..<56:
            // A user of no use, several at a time so that it shows.
            for _ in 0..<4 { try await teach(by: 9, isRight: false) }
        case 56..<63: try await retract()
        case 63..<66: try await purge()
        case 66..<68: try await activate()
        case 68..<74: try await release()
        case 74..<78: try await startBurst()
        case 78..<80:
            log.append("cancel")
            _ = pupil.learner.cancelBurst()
        case 80..<84: failWrites(Pupil.Fault.allCases.randomElement(using: &random))
        case 84..<90: failWrites(nil)
        case 90..<92:
            log.append("restart")
            pupil = try await Pupil(labels: Self.labels, in: await pupil.leave(), Self.policy)
        default: try await Task.sleep(for: .milliseconds(Int.random(in: 1...600, using: &random)))
        }
    }

    private mutating func teach(by user: UInt32, isRight: Bool) async throws {
        let (text, label) = Pupil.text(Int.random(in: 0..<150, using: &random))
        let given = isRight ? label : label == "money" ? "sport" : "money"
        let sequence = try await pupil.teach(text, given, by: user)
        taught[sequence] = (text, given)
        log.append("\(sequence): \(user) says \(given), \(isRight ? "right" : "wrong")")
    }

    private mutating func anyone() -> Int64? { taught.keys.sorted().randomElement(using: &random) }

    private mutating func retract() async throws {
        guard let sequence = anyone() else { return }
        log.append("retract \(sequence)")
        _ = try await pupil.store.retract(sequence)
        retracted.insert(sequence)
        pupil.learner.wake()
    }

    private mutating func purge() async throws {
        guard let sequence = anyone() else { return }
        log.append("purge \(sequence)")
        unsure.insert(sequence)
        for purged in try await pupil.store.purge(sequence).elements { retracted.insert(purged) }
        unsure.remove(sequence)
        pupil.learner.wake()
    }

    private mutating func activate() async throws {
        let kept = try await pupil.store.revisions().map(\.number)
        guard let number = kept.randomElement(using: &random) else { return }
        log.append("activate \(number)")
        _ = try await pupil.learner.activate(number, expectedCurrent: nil)
    }

    private mutating func release() async throws {
        let states: [CorrectionState] = [.withheld, .withheld, .quarantined, .rejected]
        let state = states[Int.random(in: states.indices, using: &random)]
        log.append("release \(state)")
        _ = try await pupil.store.release(state: state)
        pupil.learner.wake()
    }

    private mutating func startBurst() async throws {
        let isRebuild = Int.random(in: 0..<3, using: &random) == 0
        log.append(isRebuild ? "rebuild" : "burst")
        _ = try await pupil.learner.startBurst(method: nil, seed: nil, isRebuild: isRebuild)
    }

    private mutating func failWrites(_ fault: Pupil.Fault?) {
        log.append(fault.map { "no \($0)" } ?? "room")
        pupil.failWrites(fault)
    }

    /// Waits until everything that was asked for is done.
    mutating func settle() async throws {
        failWrites(nil)
        pupil.learner.wake()
        let pupil = pupil
        try await pupil.until("a revision that has seen nothing retracted") { pupil.store.unlearning().isEmpty }
        try await pupil.until("no revision that has seen what was purged") {
            try await pupil.store.taintedRevisions().isEmpty
        }
        try await pupil.rest()
    }

    /// Checks what must hold whatever has happened, once all is settled.
    func check() async throws {
        let all = try await pupil.corrections()
        let states = Dictionary(uniqueKeysWithValues: all.map { ($0.sequence, $0) })
        for (sequence, (text, label)) in taught {
            let kept = try #require(states[sequence], "correction \(sequence) was acknowledged and is not there")
            let isUnsure = kept.isPurged && !unsure.isEmpty
            #expect(isUnsure || (kept.state == .retracted) == retracted.contains(sequence), "correction \(sequence)")
            guard !kept.isPurged else { continue }
            #expect(kept.content.text == text && kept.content.label == label)
        }
        let live = all.filter(\.state.isLive)
        let inputs = live.map(\.inputDigest)
        #expect(Set(inputs).count == inputs.count, "several corrections of one input count")
        let held = Set(all.filter { $0.state == .quarantined }.map(\.content.uid))
        for correction in live where held.contains(correction.content.uid) {
            #expect(correction.isVouchedFor, "\(correction.sequence) counts, and its sender is quarantined")
        }
        for correction in all where !correction.state.isLive && correction.state != .retracted {
            #expect(correction.state != .queued)
        }

        let serving = try await pupil.store.revision(pupil.store.serving).manifest
        let sets = serving.corrections
        #expect(sets.head.sequences == SequenceSet(live.map(\.sequence)), "the head has learnt what counts")
        #expect(sets.body.sequences.intersection(sets.holdout.sequences).isEmpty, "a judge was trained on")
        for sequence in sets.seen.elements {
            #expect(states[sequence]?.state != .retracted, "\(sequence) was retracted and has left a trace")
        }
        for sequence in sets.body.sequences.elements {
            let state = try #require(states[sequence]?.state)
            #expect(state != .quarantined && state != .rejected, "the body has learnt \(sequence), which is \(state)")
        }
        for number in try await pupil.store.revisions().map(\.number) {
            if case .differs(let reason) = try await pupil.verdict(on: number) {
                Issue.record("revision \(number) differs: \(reason)")
            }
        }
    }

    /// Checks that the body made anew is that of a learner who was told only what counts now, in another order.
    func checkRebuild() async throws {
        let live = try await pupil.corrections().filter(\.state.isLive)
        let mine = try await pupil.files(of: try await pupil.rebuild())
        let other = try await Pupil(labels: Self.labels) { policy in
            Self.policy(&policy)
            policy.isEnabled = false
        }
        for correction in live.reversed() { try await other.teach(correction.content.text, correction.content.label) }
        try await other.rest()
        let theirs = try await other.files(of: try await other.rebuild())
        #expect(mine == theirs, "\(mine.keys.sorted()) and \(theirs.keys.sorted())")
        await other.end()
    }
}

@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: Pupil.model != nil, "ATTUNED_MODEL is not set"))
struct `A learner under random use` {
    /// `ATTUNED_USES` says how many seeds, beginning at `ATTUNED_SEED`.
    static var seeds: Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["ATTUNED_SEED"].flatMap(UInt64.init) ?? 1
        return first..<first + (environment["ATTUNED_USES"].flatMap(UInt64.init) ?? 2)
    }

    @Test(arguments: seeds) func `learns what counts, and nothing else`(seed: UInt64) async throws {
        var use = try await RandomUse(seed: seed)
        for round in 0..<4 {
            for _ in 0..<80 { try await use.step() }
            try await use.settle()
            try await use.check()
            if ProcessInfo.processInfo.environment["ATTUNED_SEED"] != nil {
                print("seed \(seed) round \(round)", use.log.joined(separator: "\n"), separator: "\n")
                let status = use.pupil.learner.status
                print(use.pupil.store.counts, status.bursts, status.learntByBody, status.quarantine)
            }
        }
        try await use.checkRebuild()
        await use.pupil.end()
    }
}
