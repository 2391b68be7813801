import CLinux
import Dispatch
import Foundation
import Synchronization
import Tensors

/// Threads for computing that yield to every other thread of the machine.
///
/// Each is made for one piece of work and ends with it. A thread hands its priority on to the threads that it makes, so
/// work that runs on one must leave Swift's and Dispatch's pools alone: these would go on with threads that hardly run.
package enum IdleThread {
    /// Computes `work` on such a thread, while the calling one waits.
    package static func run<Value>(named name: String, _ work: @escaping @Sendable () -> sending Value) -> sending Value
    {
        let result = Mutex<Value?>(nil)
        let ended = DispatchSemaphore(value: 0)
        start(name) {
            result.withLock { $0 = work() }
            ended.signal()
        }
        ended.wait()
        guard let value = result.withLock({ $0.take() }) else { preconditionFailure("work leaves a result") }
        return value
    }

    /// How many threads can work at a time.
    package static var count: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Computes `work` for the numbers below `count`, on as many threads as there are processors, and waits.
    ///
    /// What comes out does not depend on how many threads there are.
    package static func map<Value: Sendable>(
        _ count: Int, named name: String, _ work: @escaping @Sendable (Int) -> Value
    ) -> [Value] {
        let results = Mutex([Int: Value]())
        let next = Mutex(0)
        let threads = min(count, Self.count)
        let ended = DispatchSemaphore(value: 0)
        for number in 0..<threads {
            start("\(name)-\(number)") {
                while true {
                    let index = next.withLock { next in
                        defer { next += 1 }
                        return next
                    }
                    guard index < count else { break }
                    let value = work(index)
                    results.withLock { $0[index] = value }
                }
                ended.signal()
            }
        }
        for _ in 0..<threads { ended.wait() }
        return results.withLock { results in (0..<count).compactMap { results[$0] } }
    }

    /// The processor time that all such threads have had so far, those that have ended too.
    ///
    /// What does not advance while this does is stuck; what does not advance while this stands still may just be starving.
    package static var processorTime: Duration { clocks.withLock { $0.total } }

    private static let clocks = Mutex(Clocks())

    /// The processor time of threads, by their clocks.
    private struct Clocks {
        private var running: [Int: clockid_t] = [:]
        private var ended = Duration.zero
        private var lastNumber = 0

        var total: Duration { running.values.reduce(ended) { $0 + Self.time($1) } }

        mutating func begin(_ clock: clockid_t) -> Int {
            lastNumber += 1
            running[lastNumber] = clock
            return lastNumber
        }

        /// To be called by the thread itself: its clock goes with it.
        mutating func end(_ number: Int) {
            if let clock = running.removeValue(forKey: number) { ended += Self.time(clock) }
        }

        private static func time(_ clock: clockid_t) -> Duration {
            var time = timespec()
            guard clock_gettime(clock, &time) == 0 else { return .zero }
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
    }

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // Where this is forbidden the thread works all the same, at the priority of the others.
            _ = clinux_make_thread_idle()
            ComputeThread.yieldsFromNow()
            var clock = clockid_t()
            guard pthread_getcpuclockid(pthread_self(), &clock) == 0 else { return body() }
            let number = clocks.withLock { $0.begin(clock) }
            body()
            clocks.withLock { $0.end(number) }
        }
        thread.name = name
        // As much as the main thread has: the fits keep their vectors on the heap, but recursion is not bounded by us.
        thread.stackSize = 8 << 20
        thread.start()
    }
}
