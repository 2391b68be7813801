import ArgumentParser
import AttuneClient
import Histogram
import LineProtocol

/// How long a prediction takes while a burst runs, beside the same while nothing else is done.
struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Time predictions while a burst trains, beside the same when idle.",
        discussion: """
            Teaches corrections, then asks for one short text after another: when the daemon is idle, and while bursts run \
            that it starts for this. Only requests that begin and end within the training of a burst count as such. The \
            connecting user needs the admin role.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Corrections to teach first.")
    var corrections = 512

    @Option(help: "Labels that they use.")
    var labels = 8

    @Option(help: "Requests to time in each state.")
    var requests = 1000

    @Option(help: "What the bursts change.", transform: Self.method)
    var method = TuningMethod.lora

    @OptionGroup var output: ReportOptions

    func validate() throws {
        guard corrections >= 100, labels >= 2, requests >= 1 else {
            throw ValidationError("it takes at least 100 corrections, 2 labels and 1 request")
        }
    }

    func run() async throws {
        try await daemon.withDaemon { socket, _ in try await measure(socket) }
    }

    private func measure(_ socket: String) async throws {
        let client = try AttuneClient(path: socket)
        let solo = try SoloClient(path: socket)
        let watcher = try AttuneClient(path: socket)
        defer {
            client.close()
            solo.close()
            watcher.close()
        }
        try await BenchTexts.teach(corrections, labels: labels, client)
        try await BenchTexts.settle(client)

        var idle = Self.histogram()
        for time in try await times(solo, 0..<requests) { idle.record(time) }

        var busy = Self.histogram()
        var round = 0
        while busy.totalCount < requests {
            _ = try await watcher.startTuning(StartTuningParameters(method: method))
            while let burst = try await watcher.tuningStatus(), burst.finished == nil {
                guard burst.state == .running, burst.step > 0 else { continue }
                let count = min(32, requests - Int(busy.totalCount))
                let pending = try await times(solo, round..<round + count)
                round += count
                // Those after the last step do not count.
                guard let later = try await watcher.tuningStatus(), later.state == .running else { break }
                for time in pending { busy.record(time) }
            }
            _ = try await watcher.cancelTuning()
            try await BenchTexts.settle(client)
        }
        let report = Report(output)
        for (state, times) in [("idle", idle), ("burst", busy)] {
            let milliseconds = { (percentile: Double) in
                ReportValue.number(Double(times.valueAtPercentile(percentile)) / 1000, digits: 3)
            }
            let ratio = { (percentile: Double) in
                let base = Double(max(idle.valueAtPercentile(percentile), 1))
                return ReportValue.number(Double(times.valueAtPercentile(percentile)) / base)
            }
            report.add([
                "what": "latency", "state": .text(state), "method": .text(method.rawValue),
                "requests": .integer(Int(times.totalCount)), "p50_ms": milliseconds(50), "p90_ms": milliseconds(90),
                "p99_ms": milliseconds(99), "p99.9_ms": milliseconds(99.9),
                "worst_ms": .number(Double(times.max) / 1000, digits: 3), "p50_of_idle": ratio(50),
                "p99_of_idle": ratio(99),
            ])
        }
        report.finish()
    }

    private static func method(_ text: String) throws -> TuningMethod {
        guard let method = TuningMethod(rawValue: text), method != .head else {
            throw ValidationError("'\(text)' is not one of bias, lora, top-layers, full")
        }
        return method
    }

    /// Microseconds that each of some predictions takes.
    private func times(_ client: SoloClient, _ rounds: Range<Int>) async throws -> [UInt64] {
        try await client.predict(rounds.map { BenchTexts.text($0, label: $0 % labels) })
    }

    private static func histogram() -> Histogram<UInt32> {
        Histogram(highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)
    }
}
