import LineProtocol

/// The texts that a command works on: those given, or the lines of standard input.
enum InputTexts {
    /// Runs `work` on each text, several at once, and `each` on the results in order.
    static func each<Output: Sendable>(
        _ texts: [String],
        pair: String? = nil,
        work: @escaping @Sendable (Input) async throws -> Output,
        each: (Output) throws -> Void
    ) async throws {
        if texts.isEmpty {
            try await Pipeline.run({ await Console.readLine().map { Input($0) } }, work: work, each: each)
        } else {
            try await Pipeline.run(over: texts.map { Input($0, textPair: pair) }, work: work, each: each)
        }
    }
}
