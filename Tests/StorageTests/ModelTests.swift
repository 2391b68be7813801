import Foundation
import Storage
import Testing

/// The journal as plain sets: what each correction is meant to be, from which its state follows.
private struct Journal {
    enum Intent { case counts, withheld, rejected, quarantined, retracted }

    var inputs: [String] = []
    var intents: [Intent] = []
    var heads: [Int: Set<Int64>] = [0: []]
    var purged: Set<Int64> = []
    var serving = 0

    var head: Set<Int64> { heads[serving] ?? [] }

    func state(_ sequence: Int64) -> CorrectionState {
        let index = Int(sequence) - 1
        switch intents[index] {
        case .withheld: return .withheld
        case .rejected: return .rejected
        case .quarantined: return .quarantined
        case .retracted: return .retracted
        case .counts: break
        }
        let isLast = !inputs.indices.contains {
            $0 > index && inputs[$0] == inputs[index] && intents[$0] == .counts
        }
        return isLast ? (head.contains(sequence) ? .learnt : .queued) : .superseded
    }

    var sequences: [Int64] { inputs.indices.map { Int64($0) + 1 } }
    var states: [Int64: CorrectionState] { Dictionary(uniqueKeysWithValues: sequences.map { ($0, state($0)) }) }
    var live: Set<Int64> { Set(sequences.filter { state($0).isLive }) }

    mutating func set(_ sequence: Int64, _ intent: Intent) { intents[Int(sequence) - 1] = intent }

    mutating func release(_ sequence: Int64) {
        if state(sequence).isReleasable { set(sequence, .counts) }
    }

    /// Takes all of the input back; what comes later with the same text is another input's.
    mutating func purge(_ sequence: Int64) {
        let input = inputs[Int(sequence) - 1]
        for sequence in sequences where inputs[Int(sequence) - 1] == input {
            set(sequence, .retracted)
            purged.insert(sequence)
            inputs[Int(sequence) - 1] = "purged \(sequence)"
        }
    }

    func isTainted(_ revision: Int) -> Bool { !purged.isDisjoint(with: heads[revision] ?? []) }

    /// What a start does.
    mutating func removeTainted() {
        for revision in heads.keys where revision != serving && isTainted(revision) { heads[revision] = nil }
    }

    mutating func activate(_ revision: Int) {
        serving = revision
        for sequence in sequences where state(sequence) == .withheld && head.contains(sequence) {
            set(sequence, .counts)
        }
        while let sequence = sequences.first(where: { state($0) == .queued }) { set(sequence, .withheld) }
    }
}

@Suite struct `The journal against a simple model` {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var word = state
            word ^= word >> 33
            word = word &* 0xff51_afd7_ed55_8ccd
            return word ^ (word >> 33)
        }
    }

    @Test(arguments: 1...6) func `agrees after every one of many random operations`(seed: UInt64) async throws {
        var generator = Generator(state: seed)
        let directory = try TemporaryDirectory()
        func reopen() throws -> StateStore { try open(directory.state) { $0.keptRevisions = 10_000 } }
        var store = try reopen()
        var model = Journal()
        var seen: [Int64: CorrectionState] = [:]
        var lastChange: Int64 = 0
        var done: [String: Int] = [:]
        for step in 0..<120 {
            let any = model.sequences.randomElement(using: &generator)
            let action = Int.random(in: 0..<21, using: &generator)
            switch action {
            case 0..<9:
                let text = "text \(Int.random(in: 0..<8, using: &generator))"
                let receipt = try await store.append(correction(text, "label \(step)"))
                model.inputs.append(text)
                model.intents.append(.counts)
                #expect(receipt.sequence == Int64(model.inputs.count))
                done["append", default: 0] += 1
            case 9..<12:
                // Most heads learn all; some leave out what is live.
                let isPart = Bool.random(using: &generator)
                let head = model.live.sorted().filter { _ in !isPart || Int.random(in: 0..<4, using: &generator) > 0 }
                let record = try await store.publish(draft(store, head: Set(head)))
                model.heads[record.number] = Set(head)
                model.serving = record.number
                done["publish", default: 0] += 1
            case 12..<14:
                guard let any else { continue }
                _ = try await store.retract(any)
                model.set(any, .retracted)
                done["retract", default: 0] += 1
            case 14:
                guard let any else { continue }
                _ = try await store.release(any)
                model.release(any)
                done["release", default: 0] += 1
            case 15:
                let state =
                    [CorrectionState.withheld, .rejected, .quarantined].randomElement(using: &generator) ?? .withheld
                _ = try await store.release(state: state)
                for sequence in model.sequences where model.state(sequence) == state { model.release(sequence) }
                done["release all", default: 0] += 1
            case 16..<18:
                let chosen = model.sequences.filter { _ in Int.random(in: 0..<6, using: &generator) == 0 }
                let isRejected = Bool.random(using: &generator)
                let refusable = chosen.filter { model.state($0).isLive || model.state($0) == .superseded }
                let count = try await store.refuse(
                    SequenceSet(chosen), as: isRejected ? .rejected : .quarantined, reason: "step \(step)")
                #expect(count == refusable.count)
                for sequence in refusable { model.set(sequence, isRejected ? .rejected : .quarantined) }
                done["refuse", default: 0] += 1
            case 18:
                let revision = model.heads.keys.sorted().randomElement(using: &generator) ?? 0
                if model.isTainted(revision) {
                    #expect(await code { _ = try await store.activate(revision) } == .conflict)
                    continue
                }
                let before = model.states
                let activation = try await store.activate(revision)
                model.activate(revision)
                let changed = model.states.filter { before[$0.key] != $0.value }
                #expect(activation.withheld == changed.count { $0.value == .withheld })
                #expect(activation.learnt == changed.count { $0.value == .learnt })
                done["activate", default: 0] += 1
            case 19:
                guard let any else { continue }
                let input = model.inputs[Int(any) - 1]
                let purged = model.sequences.filter { model.inputs[Int($0) - 1] == input }
                #expect(try await store.purge(any) == SequenceSet(purged))
                model.purge(any)
                done["purge", default: 0] += 1
            default:
                await store.close()
                store = try reopen()
                model.removeTainted()
                done["reopen", default: 0] += 1
            }
            let expected = model.states
            let found = try await states(store)
            try #require(found == expected, "step \(step), action \(action)")
            let counted = expected.values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            #expect(store.counts.filter { $0.value > 0 } == counted)
            #expect(store.serving == model.serving)
            #expect(store.unlearning() == SequenceSet(model.head.filter { model.state($0) == .retracted }))
            let tainted = model.heads.keys.filter { model.isTainted($0) }.sorted(by: >)
            #expect(try await store.taintedRevisions() == tainted)
            // Whoever only follows the changes knows the same.
            while true {
                let changes = try await store.changes(after: lastChange, limit: 3)
                guard let last = changes.last else { break }
                for correction in changes { seen[correction.sequence] = correction.state }
                lastChange = last.change
            }
            #expect(seen == expected)
        }
        try await checkInvariants(store, directory.state, "seed \(seed)")
        #expect(done.count >= 7)
        await store.close()
    }
}
