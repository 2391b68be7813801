import ArgumentParser
import Dispatch
import Synchronization
import Tensors

/// What this machine can do at best.
struct LimitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "Measure the processor's own limits: multiply-adds and reading.",
        discussion: """
            Single-precision multiply-adds in registers with the widest instructions there are, and reading memory in order, \
            each thread its own. The best of many short turns counts: a neighbour can only make it less.
            """)

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: ReportOptions

    func run() throws {
        let report = Report(output)
        MachineLimit.multiplyAdds(threads: engine.threads).add(to: report)
        for megabytes in [16, 32, 64, 128] {
            report.add([
                "what": "limit-read", "megabytes": .integer(megabytes), "threads": .integer(engine.threads),
                "gb_per_s": .number(MachineLimit.read(megabytes: megabytes, threads: engine.threads), digits: 1),
            ])
        }
        report.finish()
    }
}

/// A limit of the machine, measured.
struct MachineLimit {
    /// A thousand million operations a second of all threads together; a multiply-add is two.
    let gigaflops: Double
    let threads: Int

    /// The most multiply-adds that so many threads make together.
    static func multiplyAdds(threads: Int) -> MachineLimit {
        let rate = best(threads: threads, seconds: 0.5) { _ in Double(2 * VectorKernels.peakMultiplyAdds()) }
        return MachineLimit(gigaflops: rate / 1e9, threads: threads)
    }

    /// Gigabytes a second that so many threads read together, each `megabytes` of its own in order.
    static func read(megabytes: Int, threads: Int) -> Double {
        let blocks = (0..<threads).map { _ in
            FloatStorage(count: megabytes << 18) { $0.update(repeating: 1) }
        }
        return best(threads: threads, seconds: 0.7) { thread in
            // The sum is used so that it is taken.
            VectorKernels.peakRead(blocks[thread]) >= 0 ? Double(megabytes << 20) : 0
        } / 1e9
    }

    func add(to report: Report) {
        report.add([
            "what": "limit-fma", "kernels": .text(VectorKernels.best.name), "threads": .integer(threads),
            "gflops": .number(gigaflops, digits: 1),
        ])
    }

    /// The sum over the threads of the best rate of `work`, which says how much it did, while all of them are at it.
    private static func best(threads: Int, seconds: Double, _ work: @Sendable (Int) -> Double) -> Double {
        let sum = Mutex(0.0)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            let clock = ContinuousClock()
            let end = clock.now + .seconds(seconds)
            var best = 0.0
            repeat {
                let start = clock.now
                let amount = work(thread)
                best = max(best, amount / ((clock.now - start) / .seconds(1)))
            } while clock.now < end
            sum.withLock { $0 += best }
        }
        return sum.withLock { $0 }
    }
}
