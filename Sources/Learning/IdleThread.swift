import CLinux
import Dispatch
import Foundation
import Synchronization

/// Runs an actor's jobs on one thread of its own that yields to every other thread of the machine.
final class IdleThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let ready = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives as long as the process.
    init(name: String) {
        let thread = Thread { [jobs = self.next] in
            // Where this is forbidden the thread works all the same, at the priority of the others.
            _ = clinux_make_thread_idle()
            while true { jobs() }
        }
        thread.name = name
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        ready.signal()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    private func next() {
        ready.wait()
        let job = jobs.withLock { $0.removeFirst() }
        unsafe job.runSynchronously(on: asUnownedSerialExecutor())
    }
}
