import ArgumentParser
import AttuneClient
import LineProtocol

/// How long the daemon takes to start, and what memory it takes.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Time the daemon's start until it is ready, and weigh it.",
        discussion: """
            Starts the program 'attuned' beside this one, seven times on a new state directory, seven times on one that has \
            been used, after one start that does not count, and seven times on one whose body was tuned by a burst. Memory is \
            what /proc says of a new daemon, before and after 200 predictions, after its burst and 200 more, and of the tuned \
            one after a restart and 200 predictions.
            """)

    @Argument(help: "Model directory in the Hugging Face layout.")
    var model: String

    @Option(help: ArgumentHelp("YAML file with settings of the daemon.", valueName: "file"))
    var config: String?

    @Flag(help: "Three starts of each.")
    var quick = false

    @OptionGroup var output: ReportOptions

    func run() async throws {
        let report = Report(output)
        let (used, tuned) = (try BenchFolder(), try BenchFolder())
        try BenchDaemon(model: model, config: config, folder: used).stop()
        try await weigh(report, in: tuned)
        let rounds = quick ? 3 : 7
        for (state, folder) in [("new", nil), ("used", used), ("tuned", tuned)] {
            var times: [Double] = []
            for _ in 0..<rounds {
                let daemon = try BenchDaemon(model: model, config: config, folder: folder ?? BenchFolder())
                times.append(daemon.milliseconds)
                daemon.stop()
            }
            report.add([
                "what": "start", "state": .text(state), "starts": .integer(rounds),
                "ms": .number(Measurement.median(times), digits: 1),
                "best_ms": .number(times.min() ?? .nan, digits: 1),
            ])
        }
        report.finish()
    }

    /// Weighs a daemon before and after a burst, and the one that goes on from there.
    private func weigh(_ report: Report, in folder: BenchFolder) async throws {
        try await withDaemon(in: folder) { daemon, client in
            try add("start", daemon, predictions: 0, to: report)
            // Two corrections, so that there are labels to answer with.
            try await BenchTexts.teach(2, labels: 2, client)
            try await BenchTexts.settle(client)
            try await predict(client)
            try add("predictions", daemon, predictions: 200, to: report)
            try await BenchTexts.teach(300, labels: 10, client)
            try await BenchTexts.settle(client)
            // By itself, unless the settings say otherwise.
            if try await client.status().body.learnt == 0 {
                _ = try await client.startTuning(StartTuningParameters(wait: .finished))
                try await BenchTexts.settle(client)
            }
            guard try await client.status().body.learnt > 0 else {
                throw BenchDaemon.Failure(description: "the burst came to nothing")
            }
            try await predict(client)
            try add("burst", daemon, predictions: 400, to: report)
        }
        try await withDaemon(in: folder) { daemon, client in
            try await BenchTexts.settle(client)
            try await predict(client)
            try add("restart", daemon, predictions: 200, to: report)
        }
    }

    private func withDaemon(
        in folder: BenchFolder, _ body: (BenchDaemon, AttuneClient) async throws -> Void
    ) async throws {
        let daemon = try BenchDaemon(model: model, config: config, folder: folder)
        defer { daemon.stop() }
        let client = try AttuneClient(path: daemon.socket)
        defer { client.close() }
        try await body(daemon, client)
    }

    private func predict(_ client: AttuneClient) async throws {
        for index in 0..<200 {
            _ = try await client.predict(Input(BenchTexts.text(index, label: index % 77)))
        }
    }

    private func add(_ after: String, _ daemon: BenchDaemon, predictions: Int, to report: Report) throws {
        report.add([
            "what": "memory", "after": .text(after), "predictions": .integer(predictions),
            "rss_mb": .number(try daemon.memory("VmRSS"), digits: 1),
            "anonymous_mb": .number(try daemon.memory("RssAnon"), digits: 1),
            "file_mb": .number(try daemon.memory("RssFile"), digits: 1),
        ])
    }
}
