import ArgumentParser
import LineProtocol

/// In which form a command answers.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "JSON, one object a line (the default where standard output is not a terminal).")
    var json = false

    @Flag(name: .long, help: "For people (the default on a terminal).")
    var human = false

    mutating func validate() throws {
        if json, human { throw ValidationError("--json and --human exclude each other.") }
    }

    /// Whether to write JSON.
    var isJSON: Bool { json || !(human || Console.isTerminal) }

    /// Prints `value` as JSON, or as `lines` says for people.
    func write(_ value: some Encodable, lines: () -> [String]) throws {
        if isJSON {
            Console.print(String(decoding: try LineEncoder.encode(value), as: UTF8.self))
        } else {
            for line in lines() { Console.print(line) }
        }
    }
}
