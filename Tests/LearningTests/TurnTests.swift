import Learning
import Testing

/// An actor whose work takes several steps, between which others get at it.
private actor Workplace {
    private let turn = Turn()
    private(set) var arrived = 0
    private(set) var log: [Int] = []
    private(set) var isBusy = false
    private(set) var overlaps = 0

    func work(_ number: Int, steps: Int) async throws {
        arrived += 1
        try await turn.take()
        if isBusy { overlaps += 1 }
        isBusy = true
        log.append(number)
        for _ in 0..<steps {
            await Task.yield()
            if log.last != number { overlaps += 1 }
        }
        isBusy = false
        turn.give()
    }
}

@Suite(.timeLimit(.minutes(15))) struct `Turns` {
    @Test func `are taken one at a time, in the order of arrival`() async throws {
        let place = Workplace()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { try await place.work(number, steps: 50) }
                // The next one comes when this one waits or works.
                while await place.arrived <= number { await Task.yield() }
            }
            try await group.waitForAll()
        }
        #expect(await place.log == Array(0..<40))
        #expect(await place.overlaps == 0)
        #expect(await !place.isBusy)
        // Whoever comes later, to an empty place, need not wait.
        try await place.work(99, steps: 1)
        #expect(await place.log.last == 99)
    }

    @Test func `are not waited for by who is cancelled`() async throws {
        let turn = Turn()
        try await turn.take()
        let tasks = (0..<3).map { _ in
            Task {
                try await turn.take()
                turn.give()
            }
        }
        tasks[1].cancel()
        // Though the turn has not been given back, and however far it was.
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        turn.give()
        // The others have theirs, one after the other.
        for task in [tasks[0], tasks[2]] { try await task.value }
        #expect(!turn.isTaken)
    }
}
