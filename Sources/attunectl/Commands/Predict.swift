import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl predict`.
struct Predict: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which label texts have.",
        discussion: """
            Without texts it reads standard input, one text a line, and answers each as it comes, in order.

            EXAMPLES
              attunectl predict "my card has not arrived"
              attunectl predict --top 3 "top up failed" "which currencies do you support?"
              attunectl predict --json < texts.txt
            """
    )

    @Argument(help: "Texts.")
    var texts: [String] = []

    @Option(name: .long, help: ArgumentHelp("How many labels to show with their scores.", valueName: "count"))
    var top = 5

    @Option(name: .long, help: "Second text of a pair, for the one text given.")
    var pair: String?

    @Option(name: .long, help: "Revision to ask: the serving one (default) or another that is held.")
    var revision: Int?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if top < 1 { throw ValidationError("--top must be at least 1.") }
        if pair != nil, texts.count != 1 { throw ValidationError("--pair goes with exactly one text.") }
    }

    func perform(_ client: AttuneClient) async throws {
        let (top, revision) = (top, revision)
        try await InputTexts.each(texts, pair: pair) { input in
            (input, try await client.predict(input, topK: top, revision: revision))
        } each: { input, prediction in
            try output.write(prediction) { Self.lines(input, prediction) }
        }
    }

    private static func lines(_ input: Input, _ prediction: PredictionResult) -> [String] {
        let width = prediction.scores.map { Text.plain($0.label).count }.max() ?? 0
        let scores = prediction.scores.map { entry in
            let label = Text.plain(entry.label)
            let space = String(repeating: " ", count: width - label.count)
            let percent = Text.percent(Double(entry.score))
            let indent = String(repeating: " ", count: max(0, 7 - percent.count))
            let bar = Text.bar(Double(entry.score), width: 20)
            return "  \(label)\(space)  \(indent)\(percent)" + (bar.isEmpty ? "" : "  \(bar)")
        }
        let cut = prediction.truncated ? ", text cut to the model's length" : ""
        return ["\(Text.short(input.text, width: 100))  (revision \(prediction.revision)\(cut))"] + scores
    }
}
