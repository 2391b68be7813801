/// Finds added tokens in a text as Hugging Face does: leftmost first, the longest there, and no two that share a byte.
struct AddedTokenSearch: Sendable {
    private let tokens: [AddedToken]
    /// What is looked for, with the token's place in `tokens`.
    private var patterns: TokenTable
    /// Whether any pattern starts with a byte.
    private var isStart = [Bool](repeating: false, count: 256)
    private let table = CharacterTable.shared

    /// An occurrence, with the spaces that its token takes in.
    struct Match {
        let id: Int32
        let range: Range<Int>
    }

    /// Where a search has got to.
    struct Progress {
        /// Where the next occurrence may start.
        var position = 0
        /// Where the last match ended, spaces included.
        var matchedEnd = 0
        /// Room for the table's look-ups.
        var hashes: [UInt64] = []
    }

    /// - Parameter tokens: with what is looked for; of two that look for the same, the first counts.
    init(_ tokens: [(bytes: [UInt8], token: AddedToken)]) {
        self.tokens = tokens.map(\.token)
        patterns = TokenTable(count: tokens.count)
        for (index, token) in tokens.enumerated() {
            _ = patterns.insert(token.bytes, id: Int32(index))
            isStart[Int(token.bytes[0])] = true
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// The next match that starts before `limit`, not counting the spaces it takes in.
    func next(in text: [UInt8], before limit: Int, _ progress: inout Progress) -> Match? {
        guard !isEmpty else {
            progress.position = max(progress.position, limit)
            return nil
        }
        while progress.position < limit {
            let start = progress.position
            guard isStart[Int(text[start])],
                let (index, end) = patterns.longestPrefix(of: text, in: start..<text.count, hashes: &progress.hashes)
            else {
                progress.position += 1
                continue
            }
            // What is refused for its neighbours is skipped whole.
            progress.position = end
            let token = tokens[Int(index)]
            var range = start..<end
            if token.isSingleWord, touchesWord(range, in: text) { continue }
            if token.stripsLeft {
                let first = max(startOfSpaces(before: start, in: text), progress.matchedEnd)
                // A token of spaces may have gone into the one before it altogether.
                guard first < end else {
                    progress.matchedEnd = end
                    continue
                }
                range = first..<end
            }
            if token.stripsRight {
                range = range.lowerBound..<endOfSpaces(after: range.upperBound, in: text)
            }
            progress.matchedEnd = range.upperBound
            return Match(id: token.id, range: range)
        }
        return nil
    }

    private func touchesWord(_ range: Range<Int>, in text: [UInt8]) -> Bool {
        if range.lowerBound > 0 {
            let before = UTF8Scalars.start(before: range.lowerBound, in: text)
            if table[UTF8Scalars.scalar(in: text, at: before).value].contains(.word) { return true }
        }
        guard range.upperBound < text.count else { return false }
        return table[UTF8Scalars.scalar(in: text, at: range.upperBound).value].contains(.word)
    }

    private func startOfSpaces(before end: Int, in text: [UInt8]) -> Int {
        var start = end
        while start > 0 {
            let before = UTF8Scalars.start(before: start, in: text)
            guard table[UTF8Scalars.scalar(in: text, at: before).value].contains(.space) else { break }
            start = before
        }
        return start
    }

    private func endOfSpaces(after start: Int, in text: [UInt8]) -> Int {
        var end = start
        while end < text.count {
            let (value, length) = UTF8Scalars.scalar(in: text, at: end)
            guard table[value].contains(.space) else { break }
            end += length
        }
        return end
    }
}
