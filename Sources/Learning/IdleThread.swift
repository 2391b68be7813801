import CLinux
import Dispatch
import Foundation
import Synchronization

/// Runs an actor's jobs on one thread of its own that yields to every other thread of the machine.
package final class IdleThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let ready = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives as long as the process.
    package init(name: String) {
        let thread = Thread { [jobs = self.next] in
            // Where this is forbidden the thread works all the same, at the priority of the others.
            _ = clinux_make_thread_idle()
            while true { jobs() }
        }
        thread.name = name
        thread.start()
    }

    /// Computes `work` for the numbers up to `count`, on as many threads as there are processors, and waits.
    ///
    /// What comes out does not depend on how many threads there are.
    static func map<Value: Sendable>(_ count: Int, _ work: @escaping @Sendable (Int) -> Value) -> [Value] {
        let results = Mutex([Int: Value]())
        let next = Mutex(0)
        let threads = min(count, max(1, ProcessInfo.processInfo.activeProcessorCount))
        let ended = DispatchSemaphore(value: 0)
        let body: @Sendable () -> Void = {
            _ = clinux_make_thread_idle()
            while true {
                let index = next.withLock { next in
                    next += 1
                    return next - 1
                }
                guard index < count else { break }
                let value = work(index)
                results.withLock { $0[index] = value }
            }
            ended.signal()
        }
        for number in 1..<threads {
            let thread = Thread(block: body)
            thread.name = "tuning-\(number)"
            thread.start()
        }
        // The calling thread works too.
        body()
        for _ in 0..<threads { ended.wait() }
        return results.withLock { results in (0..<count).compactMap { results[$0] } }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        ready.signal()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    private func next() {
        ready.wait()
        let job = jobs.withLock { $0.removeFirst() }
        unsafe job.runSynchronously(on: asUnownedSerialExecutor())
    }
}
