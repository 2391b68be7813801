import ArgumentParser
import AttuneClient
import Foundation
import LineProtocol

/// The command `attunectl embed`.
struct Embed: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give the features of texts: one vector each.",
        discussion: """
            Without texts it reads standard input, one text a line.

            EXAMPLES
              attunectl embed "my card has not arrived"
              attunectl embed --json < texts.txt > vectors.jsonl
            """
    )

    @Argument(help: "Texts.")
    var texts: [String] = []

    @Option(name: .long, help: "Second text of a pair, for the one text given.")
    var pair: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if pair != nil, texts.count != 1 { throw ValidationError("--pair goes with exactly one text.") }
    }

    func perform(_ client: AttuneClient) async throws {
        try await InputTexts.each(texts, pair: pair) { input in
            (input, try await client.embed(input))
        } each: { input, result in
            try output.write(result) {
                let shown = result.embedding.prefix(6).map { String(format: "%.4f", Double($0)) }
                let first = shown.joined(separator: ", ") + (result.embedding.count > 6 ? ", …" : "")
                return ["\(Text.short(input.text))  \(result.embedding.count) numbers: \(first)"]
            }
        }
    }
}
