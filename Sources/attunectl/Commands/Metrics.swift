import ArgumentParser
import AttuneClient

/// The command `attunectl metrics`.
struct Metrics: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the daemon's metrics as OpenMetrics text.",
        discussion: "For a text-file collector: attunectl metrics > attuned.prom"
    )

    @Flag(name: .long, help: "As a JSON object with the text in it.")
    var json = false

    @OptionGroup var connection: ConnectionOptions

    func perform(_ client: AttuneClient) async throws {
        let text = try await client.metrics()
        var output = OutputOptions()
        output.json = json
        output.human = !json
        try output.write(["text": text]) { [text.hasSuffix("\n") ? String(text.dropLast()) : text] }
    }
}
