import ArgumentParser
import AttuneClient
import Foundation
import Histogram
import Inference
import LineProtocol
import Tensors
import Tokenization
import Transformer

/// Answers and acknowledgements of a daemon from end to end, for several numbers of clients.
struct SocketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "socket",
        abstract: "Time predictions with 1, 8 and 64 clients, and count corrections acknowledged.",
        discussion: """
            Each client has a connection of its own and asks for one text after another. Corrections are sent by 64 clients \
            that each wait for one acknowledgement before the next, beside how many times a second the disk makes a page \
            durable. With --model the same texts are computed in this process as well, in turn with one client's requests: \
            'over_engine_ms' is what the way through the socket adds at the median.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Option(help: ArgumentHelp("Seconds for each measurement.", valueName: "n"))
    var seconds = 5.0

    @Option(help: ArgumentHelp("Clients that send corrections.", valueName: "n"))
    var teachers = 64

    @Option(help: ArgumentHelp("Directory whose disk is timed, as that of the daemon's state.", valueName: "directory"))
    var fsyncDirectory: String?

    @Option(help: ArgumentHelp("Weights that the daemon reads: \(WeightPrecision.list).", valueName: "precision"))
    var precision = WeightPrecision.bfloat16

    @OptionGroup var output: ReportOptions

    func validate() throws {
        guard seconds > 0, seconds <= 3600, (1...1024).contains(teachers) else {
            throw ValidationError("--seconds must be positive and at most 3600, --teachers from 1 to 1024")
        }
    }

    func run() async throws {
        let report = Report(output)
        try await daemon.withDaemon { socket, folder in
            let client = try AttuneClient(path: socket)
            defer { client.close() }
            // So that there are labels to answer with, and a head of usual size.
            try await BenchTexts.teach(154, labels: 77, client)
            try await BenchTexts.settle(client)
            let alone = try await predictAlone(socket)
            add(alone.times, clients: 1, elapsed: alone.elapsed, engine: alone.engine, to: report)
            for clients in [8, 64] {
                let (times, elapsed) = try await predict(socket, clients: clients)
                add(times, clients: clients, elapsed: elapsed, engine: nil, to: report)
            }
            var fsyncs: Double?
            if let directory = fsyncDirectory ?? folder?.path("state") {
                fsyncs = try DiskRate.fsyncsPerSecond(in: directory)
            }
            let rate = try await teach(socket)
            report.add([
                "what": "corrections", "clients": .integer(teachers), "acknowledged_per_s": .number(rate, digits: 0),
                "fsyncs_per_s": .number(fsyncs ?? .nan, digits: 0),
                "per_fsync": .number(rate / (fsyncs ?? .nan)),
            ])
        }
        report.finish()
    }

    /// Microseconds of every prediction that so many clients ask for, and the seconds that all took.
    private func predict(_ socket: String, clients: Int) async throws -> (Histogram<UInt32>, elapsed: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(seconds)
        let times = try await Self.eachClient(clients, socket) { client, number in
            var times: [UInt64] = []
            var round = number
            while clock.now < end {
                let text = BenchTexts.text(round, label: round % 77)
                let time = try await clock.measure { _ = try await client.predict(Input(text), topK: 1) }
                times.append(UInt64(time / .microseconds(1)))
                round += clients
            }
            return times
        }
        let elapsed = (clock.now - start) / .seconds(1)
        var histogram = Self.histogram()
        for time in times { histogram.record(time) }
        return (histogram, elapsed)
    }

    private func add(
        _ times: Histogram<UInt32>, clients: Int, elapsed: Double, engine: Double?, to report: Report
    ) {
        let milliseconds = { (percentile: Double) in Double(times.valueAtPercentile(percentile)) / 1000 }
        report.add([
            "what": "socket", "clients": .integer(clients), "requests": .integer(Int(times.totalCount)),
            "per_s": .number(Double(times.totalCount) / elapsed, digits: 0),
            "p50_ms": .number(milliseconds(50), digits: 3), "p99_ms": .number(milliseconds(99), digits: 3),
            "p99.9_ms": .number(milliseconds(99.9), digits: 3), "engine_ms": .number(engine ?? .nan, digits: 3),
            "over_engine_ms": .number(milliseconds(50) - (engine ?? .nan), digits: 3),
        ])
    }

    /// Microseconds of every prediction that one client asks for, the seconds that all took, and, where there is a model, the
    /// median milliseconds of tokenizing and computing the same texts in this process.
    ///
    /// The two take turns, so that neither has the machine at a better time. The first few of each turn do not count: the
    /// other's weights are in the cache then.
    private func predictAlone(
        _ socket: String
    ) async throws -> (times: Histogram<UInt32>, elapsed: Double, engine: Double?) {
        let client = try SoloClient(path: socket)
        defer { client.close() }
        let engine = try daemon.model.map { try Engine(directory: $0, precision: precision) }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(engine == nil ? seconds : 2 * seconds)
        var histogram = Self.histogram()
        var elapsed = 0.0
        var computed: [Double] = []
        var round = 0
        while clock.now < end {
            let texts = (round..<round + Self.turn).map { BenchTexts.text($0, label: $0 % 77) }
            round += Self.turn
            let began = clock.now
            let times = try await client.predict(texts)
            let share = Double(times.count - Self.skipped) / Double(times.count)
            elapsed += (clock.now - began) / .seconds(1) * share
            for time in times.dropFirst(Self.skipped) { histogram.record(time) }
            guard let engine else { continue }
            computed += try texts.map { text in try clock.measure { try engine.compute(text) } / .milliseconds(1) }
                .dropFirst(Self.skipped)
        }
        return (histogram, elapsed, engine == nil ? nil : Measurement.median(computed))
    }

    /// Texts of one turn, and how many of them do not count.
    private static let turn = 60
    private static let skipped = 10

    /// What the daemon computes for a text, in this process.
    private struct Engine {
        private let model: TextModel
        private let pipeline: TextPipeline
        private let workspace: Workspace

        init(directory: String, precision: WeightPrecision) throws {
            try Measurement.prepare()
            model = try Measurement.makeModel(directory: directory, precision: precision)
            pipeline = try Measurement.makePipeline(directory: directory, model: model)
            workspace = model.encoder.makeWorkspace(tokens: pipeline.maximumTokens)
        }

        func compute(_ text: String) throws {
            let encoding = try pipeline.encode(TextInput(text), for: model.encoder)
            var batch = TokenBatch()
            batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs)
            _ = model.encoder.features(batch, workspace: workspace)
        }
    }

    private static func histogram() -> Histogram<UInt32> {
        Histogram(highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)
    }

    /// Corrections a second that are acknowledged to all clients together.
    private func teach(_ socket: String) async throws -> Double {
        let clock = ContinuousClock()
        let run = UUID().uuidString.prefix(8)
        let start = clock.now
        let end = start + .seconds(seconds)
        let teachers = teachers
        let counts = try await Self.eachClient(teachers, socket) { client, number in
            var count = 0
            while clock.now < end {
                let index = count * teachers + number
                let text = BenchTexts.text(index, label: index % 77)
                _ = try await client.submit(
                    SubmitParameters(
                        Input(text), label: "label \(index % 77)", idempotencyKey: "bench-\(run)-\(index)"))
                count += 1
            }
            return [count]
        }
        return Double(counts.reduce(0, +)) / ((clock.now - start) / .seconds(1))
    }

    /// What `body` gives for each of so many clients, all at once, each with a connection of its own.
    private static func eachClient<T: Sendable>(
        _ count: Int, _ socket: String, _ body: @escaping @Sendable (AttuneClient, Int) async throws -> [T]
    ) async throws -> [T] {
        let clients = try (0..<count).map { _ in try AttuneClient(path: socket) }
        defer { for client in clients { client.close() } }
        return try await withThrowingTaskGroup(of: [T].self) { group in
            for (number, client) in clients.enumerated() {
                group.addTask { try await body(client, number) }
            }
            var all: [T] = []
            for try await part in group { all += part }
            return all
        }
    }
}

/// How fast a disk makes things durable.
private enum DiskRate {
    /// How many times a second a page of a file in `directory`, written in place, is made durable by fsync, one after
    /// another.
    static func fsyncsPerSecond(in directory: String) throws -> Double {
        let path = "\(directory)/attuned-bench-\(UUID().uuidString.prefix(8))"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer {
            close(file)
            unlink(path)
        }
        let pages = 256
        let page = [UInt8](repeating: 7, count: 4096)
        for index in 0..<pages where pwrite(file, page, page.count, off_t(index * page.count)) != page.count {
            throw failure(path)
        }
        guard fsync(file) == 0 else { throw failure(path) }
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        while clock.now < start + .seconds(2) {
            let offset = off_t(count % pages * page.count)
            guard pwrite(file, page, page.count, offset) == page.count, fsync(file) == 0 else { throw failure(path) }
            count += 1
        }
        return Double(count) / ((clock.now - start) / .seconds(1))
    }

    private static func failure(_ path: String) -> BenchDaemon.Failure {
        BenchDaemon.Failure(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
