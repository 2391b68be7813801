import Foundation
import Inference
import Learning
import Storage
import Testing
import Transformer
import Tuning

@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: Pupil.model != nil, "ATTUNED_MODEL is not set"))
struct `A learner` {
    @Test func `forgets what is retracted though it did not count any more`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        let first = try await pupil.teach("it is raining", "weather")
        try await pupil.rest()
        try await pupil.teach("it is raining", "money")
        try await pupil.rest()
        // Superseded, and still in what the head was warmed up with.
        _ = try await pupil.store.retract(first)
        pupil.learner.wake()
        try await pupil.until("a head that has not seen it") { pupil.store.unlearning().isEmpty }

        let other = try await pupil.teach("it is snowing", "sport", by: 2)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([other]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.rest()
        _ = try await pupil.store.purge(other)
        pupil.learner.wake()
        try await pupil.until("a head that has not seen what was purged") { pupil.store.unlearning().isEmpty }
        try await pupil.until("no revision that has") { try await pupil.store.taintedRevisions().isEmpty }
        await pupil.end()
    }

    @Test func `compares a user who takes the place of others with them`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        for number in 0..<140 {
            try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label, by: 1 + UInt32(number / 70))
        }
        try await pupil.rest()
        #expect(pupil.learner.status.quarantine.isEmpty)
        let wrong = (20..<60).map(Pupil.text)
        for (text, label) in wrong { try await pupil.teach(text, label == "money" ? "sport" : "money", by: 3) }
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [3] }
        try await pupil.rest()
        #expect(pupil.store.counts[.quarantined] == 40)
        await pupil.end()
    }

    @Test func `compares users though corrections keep coming`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"]) { policy in
            policy.isEnabled = false
            policy.longestWait = .milliseconds(200)
        }
        for number in 0..<80 {
            let (text, right) = Pupil.text(number)
            let wrong = right == "money" ? "sport" : "money"
            try await pupil.teach(text, number < 40 ? right : wrong, by: number < 40 ? 1 : 2)
        }
        let stream = Task {
            for number in 100... {
                if Task.isCancelled { break }
                try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)
                // More often than the learner takes for a rest.
                repeat {
                    try await Task.sleep(for: .milliseconds(10))
                } while pupil.store.counts[.queued, default: 0] > 20
            }
        }
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [2] }
        stream.cancel()
        _ = try? await stream.value
        await pupil.end()
    }

    @Test func `does not trust a quarantined user because of a rollback`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        try await pupil.teach(Pupil.text(0).text, "money")
        try await pupil.rest()
        let before = pupil.store.serving
        let early = try await pupil.teach(Pupil.text(1).text, "money", by: 9)
        try await pupil.rest()
        let after = pupil.store.serving
        _ = try await pupil.learner.activate(before, expectedCurrent: nil)
        try await pupil.rest()
        #expect(try await pupil.store.correction(early).state == .withheld)
        let late = try await pupil.teach(Pupil.text(3).text, "money", by: 9)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([late]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.rest()

        _ = try await pupil.learner.activate(after, expectedCurrent: nil)
        try await pupil.until("quarantine") { try await pupil.store.correction(early).state == .quarantined }
        try await pupil.rest()
        #expect(pupil.store.serving != after)
        await pupil.end()
    }

    @Test func `marks what could not be marked before it learns on`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        let bad = try await pupil.teach("one of a user who is not trusted", "sport", by: 9)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([bad]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [9] }
        try await pupil.rest()
        // The learner sees it together with its own failure to say that it is held back.
        let receipt = try await pupil.store.append(
            NewCorrection(task: "text-classification", text: "another of his", label: "sport", uid: 9))
        pupil.failWrites(.commits)
        pupil.learner.wake()
        try await pupil.until("an error") { pupil.learner.status.lastError != nil }
        pupil.failWrites(nil)
        try await pupil.until("rest") { pupil.store.counts[.queued, default: 0] == 0 }
        #expect(try await pupil.store.correction(receipt.sequence).state == .quarantined)
        await pupil.end()
    }

    @Test func `learns what a user sent just before he was trusted again`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        let bad = try await pupil.teach("one of a user who is not trusted", "sport", by: 9)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([bad]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [9] }
        try await pupil.rest()
        // The learner sees both together.
        let receipt = try await pupil.store.append(
            NewCorrection(task: "text-classification", text: "another of his", label: "sport", uid: 9))
        _ = try await pupil.store.release(bad)
        pupil.learner.wake()
        try await pupil.until("rest") { pupil.store.counts[.queued, default: 0] == 0 }
        #expect(try await pupil.store.correction(receipt.sequence).state == .learnt)
        await pupil.end()
    }

    @Test func `tunes the body with what was released after a rollback`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"]) { policy in
            Pupil.tunesFew(&policy)
            policy.isEnabled = true
        }
        for number in 0..<4 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        let before = pupil.store.serving
        var later: [Int64] = []
        for number in 4..<60 { later.append(try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)) }
        try await pupil.until("a body") { pupil.learner.status.learntByBody > 0 }
        try await pupil.rest()
        _ = try await pupil.learner.activate(before, expectedCurrent: nil)
        try await pupil.rest()
        #expect(pupil.learner.status.learntByBody == 0)
        for sequence in later { _ = try await pupil.store.release(sequence) }
        pupil.learner.wake()
        try await pupil.until("a body again") { pupil.learner.status.learntByBody > 0 }
        await pupil.end()
    }

    @Test func `makes the body anew though nothing can be told apart`() async throws {
        let pupil = try await Pupil(labels: ["L1", "L2"]) { policy in
            policy.isEnabled = false
            policy.method = .bias
        }
        var random = SeededGenerator(state: 7)
        // The best guess at labels that have nothing to do with the texts is the one that is given more often.
        for number in 0..<120 {
            try await pupil.teach(Pupil.text(number).text, Int.random(in: 0..<100, using: &random) < 72 ? "L1" : "L2")
        }
        try await pupil.rest()
        let number = try await pupil.rebuild()
        #expect(pupil.store.serving == number)
        #expect(try await pupil.verdict(on: number) == .same)
        await pupil.end()
    }

    @Test func `knows how well a body does when it says that a burst is over`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        for number in 0..<40 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        let burst = try await pupil.learner.startBurst(method: nil, seed: nil, isRebuild: true)
        for await update in pupil.learner.burstUpdates(of: burst.id) where update.finished != nil {
            let known = pupil.learner.status
            #expect(update.state == .published, "\(update.reason ?? "no reason")")
            #expect(known.measures.holdout != nil)
            #expect(known.learntByBody > 0)
            #expect(known.waitingForBody == 0)
        }
        await pupil.end()
    }

    /// What a manifest says of the burst that made the body.
    private struct Recipe: Decodable {
        struct Burst: Decodable {
            let recipe: BurstRecipe
            let new: SequenceSet
            let replay: SequenceSet
        }

        let burst: Burst
    }

    @Test func `goes over what the body has learnt, too, and in smaller steps after a burst that was refused`()
        async throws
    {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        var learnt = SequenceSet()
        var rates: [Float] = []
        for round in 0..<3 {
            for number in round * 40..<round * 40 + 40 {
                try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)
            }
            try await pupil.rest()
            if round == 1 {
                // Nothing is so much better.
                await pupil.reconfigure { $0.judging.margin = -10 }
                #expect(try await pupil.burst().state == .rejected)
            }
            await pupil.reconfigure { $0.judging.margin = 10 }
            let ended = try await pupil.burst()
            let number = try #require(ended.revision, "\(ended.reason ?? "no reason")")
            let manifest = try await pupil.store.revision(number).manifest
            let burst = try manifest.hyperparameters.decode(as: Recipe.self).burst
            #expect(burst.replay == learnt)
            #expect(burst.new.count > 10 && burst.new.intersection(learnt).isEmpty)
            // Made again from what the manifest says, what was trained on it comes out the same.
            #expect(try await pupil.verdict(on: number) == .same)
            learnt = manifest.corrections.body.sequences
            #expect(learnt == burst.new.union(burst.replay))
            rates.append(burst.recipe.plan.learningRate)
        }
        #expect(rates[0] > 0 && rates[2] == rates[0])
        #expect(rates[1] == rates[0] * 0.3)
        await pupil.end()
    }

    @Test func `judges a body by slices as well`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"]) { policy in
            Pupil.tunesFew(&policy)
            policy.judging.fewestOfGroup = 4
        }
        for number in 0..<60 {
            let (text, label) = Pupil.text(number)
            try await pupil.teach(text, label, slice: number < 40 ? "early" : nil)
        }
        try await pupil.rest()
        let manifest = try await pupil.store.revision(try await pupil.rebuild()).manifest
        let report = try #require(try manifest.guardReport?.decode(as: GuardReport.self))
        let held = try await pupil.corrections().filter { manifest.corrections.holdout.sequences.contains($0.sequence) }
        let slices = report.groups.filter { $0.kind == "slice" }
        #expect(slices.map(\.name) == ["early"])
        #expect(slices.first?.examples == held.count { $0.content.slice == "early" })
        await pupil.end()
    }

    @Test func `says what became of a burst of the head alone, and keeps it on record`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        for number in 0..<8 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        for fault in [nil, Pupil.Fault.both] {
            pupil.failWrites(fault)
            let burst = try await pupil.learner.startBurst(method: .head, seed: nil, isRebuild: false)
            try await pupil.until("its end") { pupil.learner.burst?.finished != nil }
            // The head serves already: what cannot be written down has happened all the same.
            #expect(pupil.learner.burst?.state == .published)
            #expect(pupil.learner.burst?.revision == pupil.store.serving)
            let recorded = try await pupil.store.bursts(limit: 1).first
            #expect((recorded?.id == burst.id) == (fault == nil))
            #expect(recorded?.outcome == .published && recorded?.revision == pupil.store.serving)
        }
        pupil.failWrites(nil)
        await pupil.end()
    }

    @Test func `stops a burst of the head alone when it is told to`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        for number in 0..<8 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        // What is told too late, when the head is fitted already, stops nothing.
        var states: [BurstStatus.State] = []
        while states.count < 50, states.last != .cancelled {
            let burst = try await pupil.learner.startBurst(method: .head, seed: nil, isRebuild: false)
            _ = pupil.learner.cancelBurst()
            try await pupil.until("its end") { pupil.learner.burst.map { $0.id == burst.id && $0.isOver } ?? false }
            states.append(try #require(pupil.learner.burst).state)
            let recorded = try await pupil.store.bursts(limit: 1).first
            #expect(recorded?.id == burst.id && recorded?.outcome.rawValue == states.last?.rawValue)
        }
        #expect(states.last == .cancelled && Set(states).isSubset(of: [.cancelled, .published]))
        let next = try await pupil.learner.startBurst(method: .head, seed: nil, isRebuild: false)
        try await pupil.until("the next one's end") {
            pupil.learner.burst.map { $0.id == next.id && $0.isOver } ?? false
        }
        #expect(pupil.learner.burst?.state == .published, "the next one was not told to")
        await pupil.end()
    }

    @Test func `says why no burst begins though corrections wait`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        func says(_ words: String?) async throws {
            try await pupil.until(words ?? "nothing") {
                let hindrance = pupil.learner.status.hindrance
                return words.map { hindrance?.contains($0) == true } ?? (hindrance == nil)
            }
        }
        try await says(nil)
        for number in 0..<8 { try await pupil.teach(Pupil.text(2 * number).text, "money") }
        try await says("tuning.enabled")
        await pupil.reconfigure { ($0.isEnabled, $0.method) = (true, .head) }
        try await says("tuning.method")
        await pupil.reconfigure { ($0.isEnabled, $0.startAfter) = (true, 40) }
        try await says("begins when 40 wait")
        await pupil.reconfigure { ($0.isEnabled, $0.startAfter) = (true, 2) }
        try await says("have one label")
        for number in 0..<4 { try await pupil.teach(Pupil.text(2 * number + 1).text, "sport") }
        try await says("held back to judge a body by, and it takes 24")
        #expect(pupil.learner.burst == nil)
        await pupil.end()
    }

    @Test func `says why a rebuild left the body as it is`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        for number in 0..<4 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        _ = try await pupil.rebuild()
        #expect(pupil.learner.burst?.state == .published)
        #expect(pupil.learner.burst?.reason?.contains("too few") == true)
        let recorded = try await pupil.store.bursts(limit: 1).first?.reason
        #expect(pupil.learner.burst?.reason == recorded)
        await pupil.end()
    }

    @Test func `knows after a restart what the last burst was, and what was counted before a rollback`() async throws {
        let first = try await Pupil(labels: ["money", "sport"])
        for number in 0..<4 { try await first.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await first.rest()
        let before = first.store.serving
        for number in 4..<12 { try await first.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await first.rest()
        _ = try await first.rebuild()
        let burst = try #require(first.learner.burst)
        #expect(burst.isRebuild)
        let counted = first.learner.status.measures.prequential
        #expect(counted.count == 12 && counted.upTo == 12)
        _ = try await first.learner.activate(before, expectedCurrent: nil)
        try await first.rest()

        let second = try await Pupil(labels: ["money", "sport"], in: await first.leave())
        #expect(second.store.serving == before)
        let recalled = try #require(second.learner.burst)
        #expect(recalled.id == burst.id && recalled.state == .published && recalled.isRebuild)
        #expect(second.learner.status.measures.prequential == counted)
        // What was withheld has been scored already.
        for correction in try await second.corrections() where correction.state == .withheld {
            _ = try await second.store.release(correction.sequence)
        }
        second.learner.wake()
        try await second.rest()
        #expect(second.learner.status.measures.prequential == counted)
        await second.end()
    }

    @Test func `begins a burst though corrections keep coming`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"]) { policy in
            policy.method = .bias
            policy.startAfter = 16
            policy.holdoutShare = 2
            policy.judging.fewest = 4
            policy.longestWait = .milliseconds(100)
            policy.longestBurst = .seconds(2)
        }
        let stream = Task {
            for number in 0... {
                if Task.isCancelled { break }
                try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)
                // Without a pause, but within bounds where the learner has little of the processor.
                repeat {
                    try await Task.sleep(for: .milliseconds(5))
                } while pupil.store.counts[.queued, default: 0] > 100
            }
        }
        try await pupil.until("a burst") { pupil.learner.burst != nil }
        stream.cancel()
        _ = pupil.learner.cancelBurst()
        _ = try? await stream.value
        await pupil.end()
    }
}
