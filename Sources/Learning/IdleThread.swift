import CLinux
import Dispatch
import Foundation
import Synchronization

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

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // Where this is forbidden the thread works all the same, at the priority of the others.
            _ = clinux_make_thread_idle()
            body()
        }
        thread.name = name
        // As much as the main thread has: the fits keep their vectors on the heap, but recursion is not bounded by us.
        thread.stackSize = 8 << 20
        thread.start()
    }
}
