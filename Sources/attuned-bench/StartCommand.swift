import ArgumentParser
import AttuneClient
import LineProtocol

/// How long the daemon takes to start, and what memory it takes.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Time the daemon's start until it is ready, and weigh it.",
        discussion: """
            Starts the program 'attuned' beside this one, seven times on a new state directory and seven times on one that \
            has been used, after one start that does not count. Memory is what /proc says after 200 predictions.
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
        let used = try BenchFolder()
        try BenchDaemon(model: model, config: config, folder: used).stop()
        let rounds = quick ? 3 : 7
        for state in ["new", "used"] {
            var times: [Double] = []
            for _ in 0..<rounds {
                let folder = state == "new" ? try BenchFolder() : used
                let daemon = try BenchDaemon(model: model, config: config, folder: folder)
                times.append(daemon.milliseconds)
                daemon.stop()
            }
            report.add([
                "what": "start", "state": .text(state), "starts": .integer(rounds),
                "ms": .number(Measurement.median(times), digits: 1),
                "best_ms": .number(times.min() ?? .nan, digits: 1),
            ])
        }
        try await weigh(report)
        report.finish()
    }

    private func weigh(_ report: Report) async throws {
        let daemon = try BenchDaemon(model: model, config: config, folder: BenchFolder())
        defer { daemon.stop() }
        let client = try AttuneClient(path: daemon.socket)
        defer { client.close() }
        try await add("start", daemon, predictions: 0, to: report)
        // Two corrections, so that there are labels to answer with.
        try await BenchTexts.teach(2, labels: 2, client)
        try await BenchTexts.settle(client)
        for index in 0..<200 {
            _ = try await client.predict(Input(BenchTexts.text(index, label: index % 77)))
        }
        try await add("predictions", daemon, predictions: 200, to: report)
    }

    private func add(_ after: String, _ daemon: BenchDaemon, predictions: Int, to report: Report) async throws {
        report.add([
            "what": "memory", "after": .text(after), "predictions": .integer(predictions),
            "rss_mb": .number(try daemon.memory("VmRSS"), digits: 1),
            "anonymous_mb": .number(try daemon.memory("RssAnon"), digits: 1),
            "file_mb": .number(try daemon.memory("RssFile"), digits: 1),
        ])
    }
}
