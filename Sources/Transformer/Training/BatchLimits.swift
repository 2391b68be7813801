/// The largest batch that a body in training has room for.
package struct BatchLimits: Sendable, Equatable {
    /// Tokens of all sequences together.
    package var tokens: Int
    package var sequences: Int
    /// Tokens of one sequence.
    package var longest: Int

    package init(tokens: Int, sequences: Int, longest: Int) {
        precondition(longest <= tokens, "the longest sequence must fit a batch")
        self.tokens = tokens
        self.sequences = sequences
        self.longest = longest
    }

    /// Whether `batch` has sequences and fits.
    package func admits(_ batch: TokenBatch) -> Bool {
        batch.sequenceCount > 0 && batch.sequenceCount <= sequences && batch.tokenCount <= tokens
            && zip(batch.starts, batch.starts.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 <= longest }
    }
}
