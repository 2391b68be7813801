extension Tokenizer {
    /// So much of a text is normalized at a time where it can be cut.
    private static let stretch = 4096

    /// The tokens of a text without the template's: all of them, or more than `enough`.
    ///
    /// A long text is taken in stretches, so that what comes after enough tokens is not looked at.
    func tokens(of text: [UInt8], enough: Int, wantsSpans: Bool) -> TokenOutput {
        var output = TokenOutput(wantsSpans: wantsSpans)
        var normalized = NormalizedText()
        var progress = AddedTokenSearch.Progress()
        // Where the text begins that is yet to be tokenized; all before `progress.position` was searched.
        var position = 0
        var reach = Self.stretch
        while output.ids.count <= enough {
            // A token that is looked for in the normal form may see all of it.
            let limit =
                normalizedTokens.isEmpty ? min(text.count, max(position, progress.position) + reach) : text.count
            if let match = verbatimTokens.next(in: text, before: limit, &progress) {
                if position < match.range.lowerBound {
                    appendTokens(of: text, position..<match.range.lowerBound, &normalized, enough, &output)
                }
                output.append(match.id, match.range)
                position = match.range.upperBound
                reach = Self.stretch
                continue
            }
            let end = limit == text.count ? limit : wordStart(in: text, after: position, upTo: limit)
            guard let end else {
                reach *= 2
                continue
            }
            if position < end { appendTokens(of: text, position..<end, &normalized, enough, &output) }
            position = max(position, end)
            reach = Self.stretch
            if limit == text.count { break }
        }
        return output
    }

    /// The last place in a text at which it can be cut without its tokens changing; nil if there is none.
    ///
    /// Before white space and punctuation of ASCII and before ideographs that are set apart a word ends in any case,
    /// and no mark moves across them.
    private func wordStart(in text: [UInt8], after position: Int, upTo limit: Int) -> Int? {
        var place = limit
        while place > position + 1 {
            place = UTF8Scalars.start(before: place, in: text)
            guard place > position else { return nil }
            if normalizer.endsWord(UTF8Scalars.scalar(in: text, at: place).value) { return place }
        }
        return nil
    }

    /// Appends the tokens of a part of a text that has no verbatim added tokens, until there are more than `enough`.
    private func appendTokens(
        of text: [UInt8],
        _ range: Range<Int>,
        _ normalized: inout NormalizedText,
        _ enough: Int,
        _ output: inout TokenOutput
    ) {
        normalizer.normalize(text, range, into: &normalized, aligned: output.wantsSpans)
        let first = output.ids.count
        var progress = AddedTokenSearch.Progress()
        var position = 0
        while let match = normalizedTokens.next(in: normalized.bytes, before: normalized.bytes.count, &progress) {
            if position < match.range.lowerBound {
                appendWords(normalized.bytes, position..<match.range.lowerBound, enough, &output)
            }
            output.append(match.id, match.range)
            position = match.range.upperBound
        }
        if position < normalized.bytes.count {
            appendWords(normalized.bytes, position..<normalized.bytes.count, enough, &output)
        }
        if output.wantsSpans { output.translateSpans(from: first, normalized) }
    }

    /// Splits a part of the normal form at white space and around punctuation, and appends the tokens of its words.
    private func appendWords(_ bytes: [UInt8], _ range: Range<Int>, _ enough: Int, _ output: inout TokenOutput) {
        var wordStart = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = UTF8Scalars.scalar(in: bytes, at: position)
            let classes = normalizer.table[scalar]
            guard !classes.isDisjoint(with: [.space, .punctuation]) else {
                position += length
                continue
            }
            if wordStart < position { wordPiece.split(bytes, wordStart..<position, into: &output) }
            if classes.contains(.punctuation) { wordPiece.split(bytes, position..<position + length, into: &output) }
            if output.ids.count > enough { return }
            position += length
            wordStart = position
        }
        if wordStart < position { wordPiece.split(bytes, wordStart..<position, into: &output) }
    }
}
