import Inference
import Learning
import Storage
import Testing

@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: Pupil.model != nil, "ATTUNED_MODEL is not set"))
struct `A learner that is asked for revisions by name` {
    /// One that has made `count` bodies, and the revisions with which they came.
    private static func withBodies(_ count: Int) async throws -> (pupil: Pupil, revisions: [Int]) {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        var numbers: [Int] = []
        for round in 0..<count {
            for number in round * 40..<round * 40 + 40 {
                try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)
            }
            try await pupil.rest()
            numbers.append(try await pupil.rebuild())
            try await pupil.rest()
        }
        return (pupil, numbers)
    }

    @Test func `lets nobody who asks for a revision wait for what is not his`() async throws {
        let (pupil, numbers) = try await Self.withBodies(2)
        let learner = pupil.learner
        let uses = Uses()
        // Whoever uses a revision does so until the test lets go, or has failed.
        let failure = Task {
            try await Task.sleep(for: .seconds(300))
            await uses.open()
        }
        let first = Task { try await learner.with(revision: 0) { _ in await uses.hold(0) } }
        try await pupil.until("a use") { await uses.has(0) }
        let body = pupil.base.body
        let others = (0..<2).map { _ in
            Task { try await learner.with(revision: numbers[0]) { _ in await uses.begin(numbers[0]) } }
        }
        // One of them has the turn and waits for the use to end, the other waits for the turn.
        others[1].cancel()
        // A revision that does not exist is not waited for, and one that is in memory is there for all.
        let notFound = await #expect(throws: StorageError.self) { try await learner.with(revision: 999) { _ in } }
        #expect(notFound?.code == .notFound)
        try await learner.with(revision: 0) { #expect($0.number == 0) }
        #expect(await !uses.isOpen)
        #expect(await !uses.has(numbers[0]))
        #expect(pupil.base.body === body)
        failure.cancel()
        await uses.open()
        try await first.value
        try await others[0].value
        // Whether cancelled while it waited for its turn or for the use.
        await #expect(throws: CancellationError.self) { try await others[1].value }
        // The base's body has gone with the revision.
        #expect(pupil.base.body !== body)
        await pupil.end()
    }

    @Test func `lets those who wait for a revision have it, however many use another one`() async throws {
        let (pupil, numbers) = try await Self.withBodies(2)
        let learner = pupil.learner
        let uses = Uses()
        let waiting = Task {
            try await pupil.until("a use") { await uses.has(0) }
            try await learner.with(revision: numbers[0]) { _ in await uses.begin(numbers[0]) }
        }
        // Of those that use revision 0 each goes when the next one has come, or does not come for a while.
        await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    try await learner.with(revision: 0) { _ in
                        await uses.begin(0)
                        for _ in 0..<100 where await uses.count(of: 0) <= number + 1 {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                    }
                }
                for _ in 0..<50 where await uses.count(of: 0) <= number { try? await Task.sleep(for: .milliseconds(1)) }
                if await uses.has(numbers[0]) { break }
            }
        }
        #expect(await uses.count(of: 0) < 200)
        try await waiting.value
        await pupil.end()
    }

    @Test func `has one other revision in memory at a time, however many are asked for`() async throws {
        let (pupil, numbers) = try await Self.withBodies(3)
        let asked = [0, numbers[0], numbers[1]]
        let uses = Uses()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for request in 0..<30 {
                group.addTask {
                    let number = asked[request % asked.count]
                    try await pupil.learner.with(revision: number) { revision in
                        #expect(revision.number == number)
                        await uses.begin(number)
                        try await Task.sleep(for: .milliseconds(2))
                        await uses.end(number)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await uses.most == 1)
        await #expect(throws: StorageError.self) { try await pupil.learner.with(revision: 999) { _ in } }
        // A fault leaves room for the next one.
        try await pupil.learner.with(revision: asked[1]) { #expect($0.number == asked[1]) }
        await pupil.end()
    }
}

/// Which revisions are in use, and how many were so at a time.
private actor Uses {
    private var now: [Int: Int] = [:]
    private var begun: [Int: Int] = [:]
    private(set) var most = 0
    private(set) var isOpen = false
    private var holders: [CheckedContinuation<Void, Never>] = []

    func begin(_ number: Int) {
        begun[number, default: 0] += 1
        now[number, default: 0] += 1
        most = max(most, now.count)
    }

    func end(_ number: Int) {
        let left = now[number, default: 0] - 1
        now[number] = left > 0 ? left : nil
    }

    /// How many have begun to use revision `number`.
    func count(of number: Int) -> Int { begun[number, default: 0] }

    func has(_ number: Int) -> Bool { count(of: number) > 0 }

    /// Begins with revision `number`, and waits for ``open()``.
    func hold(_ number: Int) async {
        begin(number)
        if !isOpen { await withCheckedContinuation { holders.append($0) } }
    }

    func open() {
        isOpen = true
        for holder in holders { holder.resume() }
        holders = []
    }
}
