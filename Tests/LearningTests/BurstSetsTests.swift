import Foundation
import Learning
import Storage
import Testing

@Suite struct `The sets of a burst` {
    private func taught(_ corrections: [Correction]) -> [Taught] { corrections.map(Taught.init) }

    /// One in eight is held back.
    private static var policy: BurstPolicy {
        var policy = BurstPolicy()
        policy.holdoutShare = 8
        return policy
    }

    private static let labels = (0..<7).map { "label \($0)" }

    /// The same texts and labels, taught in an order that the seed gives, at other times and by others.
    private func journal(_ count: Int, seed: UInt64) -> [Correction] {
        var random = SeededGenerator(state: seed)
        let start = Int64.random(in: 1...1000, using: &random)
        return (0..<count).shuffled(using: &random).enumerated().map { place, number in
            correction(
                start + 3 * Int64(place), "text \(number)", label: Self.labels[number * number % 7],
                slice: number % 2 == 0 ? "even \(seed)" : nil, uid: UInt32(1000 + seed),
                created: Date(timeIntervalSince1970: Double(seed) * 1e6 + Double(place)))
        }
    }

    @Test(arguments: [2, 3, 4] as [UInt64]) func `are divided by content alone`(seed: UInt64) {
        var policy = Self.policy
        policy.replayLimit = 60
        func sets(_ journal: [Correction]) -> BurstSets {
            let learnt = journal.filter { ($0.content.text.last?.wholeNumberValue ?? 0) < 6 }
            return BurstSets(journal, learnt: SequenceSet(learnt.map(\.sequence).sorted()), policy: policy)
        }
        let expected = sets(journal(400, seed: 1))
        let other = sets(journal(400, seed: seed))
        #expect(taught(other.new) == taught(expected.new))
        #expect(taught(other.replay) == taught(expected.replay))
        #expect(taught(other.holdout) == taught(expected.holdout))
        #expect(expected.new.count > 100 && expected.replay.count == 60 && expected.holdout.count > 10)
        for set in [other.new, other.replay, other.holdout] {
            #expect(set.map(\.digest) == set.map(\.digest).sorted(), "in content order")
        }
    }

    @Test func `have everything once, and what is learnt never among what judges`() {
        let journal = journal(600, seed: 5)
        let learnt = SequenceSet(journal.prefix(200).map(\.sequence).sorted())
        let sets = BurstSets(journal, learnt: learnt, policy: Self.policy)
        let all = (sets.new + sets.replay + sets.holdout).map(\.sequence)
        #expect(all.sorted() == journal.map(\.sequence).sorted())
        #expect(Set(sets.replay.map(\.sequence)) == Set(learnt.elements), "even what would be held back today")
        #expect(sets.holdout.allSatisfy { $0.isHeldBack(oneIn: 8) && !learnt.contains($0.sequence) })
        #expect(!sets.new.contains { $0.isHeldBack(oneIn: 8) })
        #expect(sets.replay.contains { $0.isHeldBack(oneIn: 8) })
    }

    @Test func `go over all that is learnt where nothing is new`() {
        let journal = journal(100, seed: 6)
        let learnt = SequenceSet(journal.map(\.sequence).sorted())
        let sets = BurstSets(journal, learnt: learnt, policy: Self.policy)
        #expect(sets.new.count == 100)
        #expect(sets.replay.isEmpty && sets.holdout.isEmpty)
        // What is held back is not trained on for want of anything else.
        let held = journal.filter { $0.isHeldBack(oneIn: 8) }
        let none = BurstSets(held, learnt: SequenceSet(), policy: Self.policy)
        #expect(none.new.isEmpty && none.replay.isEmpty)
        #expect(none.holdout.count == held.count)
    }

    @Test func `mix in nothing where replay is switched off`() {
        var policy = Self.policy
        policy.replayLimit = 0
        let journal = journal(100, seed: 7)
        let learnt = SequenceSet(journal.prefix(50).map(\.sequence).sorted())
        #expect(BurstSets(journal, learnt: learnt, policy: policy).replay.isEmpty)
    }

    @Test(arguments: [2, 8, 20]) func `hold back one in so many`(share: Int) {
        let count = 4000
        let held = (0..<count).count { correction(1, "text \($0)").isHeldBack(oneIn: share) }
        // Four standard errors of drawing each with that probability.
        let chance = 1 / Double(share)
        let tolerance = 4 * (Double(count) * chance * (1 - chance)).squareRoot()
        #expect(abs(Double(held) - Double(count) * chance) <= tolerance, "\(held)")
    }

    @Test func `hold back an input whatever is said of it`() {
        var pairs = 0
        for number in 0..<300 {
            let text = "text \(number)"
            let first = correction(1, text)
            let again = correction(
                7, text, label: "no", weight: 2.5, slice: "s", uid: 1, state: .learnt, change: 99,
                created: Date(timeIntervalSince1970: 0))
            #expect(first.isHeldBack(oneIn: 8) == again.isHeldBack(oneIn: 8))
            if first.isHeldBack(oneIn: 8) != correction(1, text, pair: "").isHeldBack(oneIn: 8) { pairs += 1 }
        }
        #expect(pairs > 20, "a pair makes another input")
    }

    @Test func `are balanced over labels as far as these go`() {
        // 100, 10 and 3 corrections of three labels: room for 31 is 3, 10 and 18.
        let counts = ["many": 100, "some": 10, "few": 3]
        let all = counts.sorted { $0.key < $1.key }.flatMap { label, count in
            (0..<count).map { correction(Int64($0) + 1, "\(label) \($0)", label: label) }
        }.sorted { $0.digest < $1.digest }
        func picked(_ limit: Int) -> [String: Int] {
            Dictionary(grouping: BurstSets.balanced(all, limit: limit), by: \.content.label).mapValues(\.count)
        }
        #expect(picked(31) == ["many": 18, "some": 10, "few": 3])
        #expect(picked(9) == ["many": 3, "some": 3, "few": 3])
        #expect(picked(15) == ["many": 6, "some": 6, "few": 3])
        #expect(picked(113) == counts && picked(1000) == counts)
        #expect(picked(1).values.reduce(0, +) == 1)
        #expect(picked(0).isEmpty)
        let chosen = BurstSets.balanced(all, limit: 31).map(\.digest)
        #expect(chosen == chosen.sorted())
        // Of a label the first ones in content order, so that a larger limit only adds.
        #expect(Set(chosen).isSubset(of: BurstSets.balanced(all, limit: 40).map(\.digest)))
    }
}
