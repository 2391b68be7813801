import Glibc
import Learning
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct `Idle threads` {
    /// SCHED_IDLE, which Glibc's module does not have.
    private static let idle: Int32 = 5

    @Test func `compute on a thread that yields to every other, and give back what comes out`() {
        let caller = pthread_self()
        let (policy, isOther) = IdleThread.run(named: "test") { (sched_getscheduler(0), pthread_self() != caller) }
        #expect(policy == Self.idle)
        #expect(isOther)
        #expect(sched_getscheduler(0) == SCHED_OTHER, "the caller stays what it was")
    }

    @Test func `compute one piece of work after the other`() {
        let log = Mutex([Int]())
        for number in 0..<50 { IdleThread.run(named: "test") { log.withLock { $0.append(number) } } }
        #expect(log.withLock { $0 } == Array(0..<50))
    }

    @Test(arguments: [0, 1, 2, 3, 100]) func `compute each of several once, and give back all in order`(count: Int) {
        let calls = Mutex([Int: Int]())
        let policies = Mutex(Set<Int32>())
        let results = IdleThread.map(count, named: "test") { number in
            calls.withLock { $0[number, default: 0] += 1 }
            policies.withLock { _ = $0.insert(sched_getscheduler(0)) }
            // The first ones take longest.
            var sum = 0
            for step in 0..<(count - number) * 20_000 { sum &+= step ^ sum }
            return (number, sum != 1)
        }
        #expect(results.map(\.0) == Array(0..<count))
        #expect(calls.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 1) }))
        #expect(policies.withLock { $0 } == (count == 0 ? [] : [Self.idle]))
    }

    @Test func `work side by side where there are processors`() {
        let count = IdleThread.count
        #expect(count >= 1)
        // Each waits for all others: on fewer threads it would never end.
        let arrived = Mutex(0)
        let results = IdleThread.map(count, named: "test") { number in
            arrived.withLock { $0 += 1 }
            while arrived.withLock({ $0 }) < count { sched_yield() }
            return number
        }
        #expect(results.count == count)
    }
}
