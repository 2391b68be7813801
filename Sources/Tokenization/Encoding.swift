/// What the model gets to see of a text, or of a pair of texts.
package struct Encoding: Sendable, Equatable {
    package var ids: [Int32]
    package var typeIDs: [Int32]
    /// Whether tokens of the text had to go because of the maximum length.
    package var truncated: Bool
    /// Where each token comes from; empty unless asked for.
    package var spans: [TokenSpan]

    package init(ids: [Int32] = [], typeIDs: [Int32] = [], truncated: Bool = false, spans: [TokenSpan] = []) {
        self.ids = ids
        self.typeIDs = typeIDs
        self.truncated = truncated
        self.spans = spans
    }
}

/// The part of the original text that a token stands for.
package struct TokenSpan: Sendable, Equatable {
    /// 0 for the first text, 1 for its pair, nil for a token that the template adds.
    package let text: Int?
    /// In Unicode scalars; 0..<0 for a token that the template adds.
    package let scalars: Range<Int>
    /// In UTF-8 bytes; 0..<0 for a token that the template adds.
    package let bytes: Range<Int>

    package init(text: Int?, scalars: Range<Int>, bytes: Range<Int>) {
        self.text = text
        self.scalars = scalars
        self.bytes = bytes
    }
}
