import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl raw`.
struct Raw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send lines of the protocol as they are typed, and show the replies.",
        discussion: """
            Without lines it reads standard input. Replies may come in any order; each carries its request's id.

            EXAMPLES
              attunectl raw '{"jsonrpc":"2.0","id":1,"method":"status"}'
              attunectl raw < transcript.jsonl
            """
    )

    @Argument(help: "Lines, one JSON-RPC object each.")
    var lines: [String] = []

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        var lines = lines
        if lines.isEmpty {
            while let line = await Console.readLine() { lines.append(line) }
        }
        do {
            try await AttuneClient.raw(lines, path: connection.path) { Console.print($0) }
        } catch {
            throw Failure(error).report()
        }
    }
}
