/// Splits words into the longest tokens there are, from left to right.
struct WordPiece: Sendable {
    private let beginnings: TokenTable
    private let continuations: TokenTable
    private let unknown: Int32
    private let longestWord: Int

    /// What a tokenizer.json says of its model.
    struct Options {
        var unknownToken: String
        var continuingPrefix: String
        /// In scalars; a longer word is unknown.
        var longestWord: Int
    }

    init(_ vocabulary: Vocabulary, _ options: Options) throws(TokenizerFault) {
        guard let unknown = vocabulary.id(of: options.unknownToken) else {
            throw TokenizerFault("'model': 'unk_token': '\(options.unknownToken)' is not in 'vocab'")
        }
        self.unknown = unknown
        beginnings = vocabulary.tokens
        continuations = vocabulary.continuations(after: options.continuingPrefix)
        longestWord = options.longestWord
    }

    /// Appends the tokens of the word that is in `range` of `bytes` to `output`.
    func split(_ bytes: [UInt8], _ range: Range<Int>, into output: inout TokenOutput) {
        let before = output.ids.count
        guard isShort(bytes, range) else {
            output.append(unknown, range)
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let table = start == range.lowerBound ? beginnings : continuations
            guard let (id, end) = table.longestPrefix(of: bytes, in: start..<range.upperBound, hashes: &output.hashes)
            else {
                output.removeAll(from: before)
                output.append(unknown, range)
                return
            }
            output.append(id, start..<end)
            start = end
        }
    }

    private func isShort(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        if range.count <= longestWord { return true }
        return range.reduce(0) { count, position in bytes[position] & 0xc0 == 0x80 ? count : count + 1 } <= longestWord
    }
}

/// The tokens of one text as they are found.
struct TokenOutput {
    var ids: [Int32] = []
    /// The bytes of each token; empty unless asked for.
    var spans: [Range<Int>] = []
    /// Room for a table's look-ups.
    var hashes: [UInt64] = []
    let wantsSpans: Bool

    init(wantsSpans: Bool) { self.wantsSpans = wantsSpans }

    mutating func append(_ id: Int32, _ span: Range<Int>) {
        ids.append(id)
        if wantsSpans { spans.append(span) }
    }

    /// Turns the spans from `index` on, which are in the bytes of `text`, into those of the original.
    mutating func translateSpans(from index: Int, _ text: NormalizedText) {
        for place in index..<spans.count { spans[place] = text.origin(of: spans[place]) }
    }

    mutating func removeAll(from index: Int) {
        ids.removeSubrange(index...)
        if wantsSpans { spans.removeSubrange(index...) }
    }
}
