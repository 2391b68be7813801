extension Tokenizer {
    /// The encoding of a text, or of two, of at most `maximumLength` tokens, special ones included.
    ///
    /// What is too long is cut as Hugging Face does by `LongestFirst`: at the end, of two texts the longer one first.
    ///
    /// - Parameter spans: whether the encoding says where each token comes from, which takes longer.
    package func encode(_ text: String, pair: String? = nil, maximumLength: Int, spans: Bool = false) -> Encoding {
        let maximumLength = max(0, maximumLength)
        let template = pair == nil ? templates.single : templates.pair
        let room = max(0, maximumLength - template.addedCount)
        var texts = [Array(text.utf8)]
        if let pair { texts.append(Array(pair.utf8)) }
        var outputs = texts.map { tokens(of: $0, enough: room, wantsSpans: spans) }
        // Of two texts that both fill the room alone, the longer one gets the odd token: only then all of them count.
        if outputs.count == 2, room % 2 == 1, outputs.allSatisfy({ $0.ids.count > room }) {
            outputs = texts.map { tokens(of: $0, enough: Int.max, wantsSpans: spans) }
        }
        let kept = Self.lengths(outputs.map(\.ids.count), room: room)
        let sections = zip(outputs, kept).map { output, count in
            Section(ids: output.ids.prefix(count), spans: output.spans.prefix(count))
        }
        let scalars = spans ? texts.map(ScalarCounts.init) : []
        var encoding = assemble(template, sections, scalars)
        encoding.truncated = zip(outputs, kept).contains { $0.ids.count > $1 }
        // The template alone may be too long, or have a text twice.
        if encoding.ids.count > maximumLength {
            encoding.ids.removeSubrange(maximumLength...)
            encoding.typeIDs.removeSubrange(maximumLength...)
            if spans { encoding.spans.removeSubrange(maximumLength...) }
            encoding.truncated = true
        }
        return encoding
    }

    /// How many tokens remain of texts with so many each where there is room for `room` of them.
    private static func lengths(_ counts: [Int], room: Int) -> [Int] {
        guard counts.reduce(0, +) > room else { return counts }
        guard counts.count == 2 else { return [room] }
        let shorter = min(counts[0], counts[1])
        var lengths = [shorter, max(shorter, room - shorter)]
        if lengths[0] + lengths[1] > room { lengths = [room / 2, room - room / 2] }
        return counts[0] > counts[1] ? lengths.reversed() : lengths
    }

    /// What remains of a text's tokens.
    private struct Section {
        let ids: ArraySlice<Int32>
        let spans: ArraySlice<Range<Int>>
    }

    /// Fills in the template; `scalars` is empty where no spans are wanted.
    private func assemble(_ template: Template, _ sections: [Section], _ scalars: [ScalarCounts]) -> Encoding {
        var encoding = Encoding()
        let count = sections.reduce(template.addedCount) { $0 + $1.ids.count }
        encoding.ids.reserveCapacity(count)
        encoding.typeIDs.reserveCapacity(count)
        for piece in template.pieces {
            switch piece {
            case .special(let ids, let typeID):
                encoding.ids += ids
                encoding.typeIDs.append(contentsOf: repeatElement(typeID, count: ids.count))
                guard !scalars.isEmpty else { continue }
                encoding.spans.append(
                    contentsOf: repeatElement(TokenSpan(text: nil, scalars: 0..<0, bytes: 0..<0), count: ids.count)
                )
            case .text(let text, let typeID):
                encoding.ids += sections[text].ids
                encoding.typeIDs.append(contentsOf: repeatElement(typeID, count: sections[text].ids.count))
                guard !scalars.isEmpty else { continue }
                encoding.spans += sections[text].spans.map { bytes in
                    TokenSpan(text: text, scalars: scalars[text].range(of: bytes), bytes: bytes)
                }
            }
        }
        return encoding
    }
}

/// How many scalars of a text there are before each of its bytes.
private struct ScalarCounts {
    private let counts: [Int]

    init(_ bytes: [UInt8]) {
        var count = 0
        counts =
            bytes.map { byte in
                defer { if byte & 0xc0 != 0x80 { count += 1 } }
                return count
            } + [count]
    }

    func range(of bytes: Range<Int>) -> Range<Int> { counts[bytes.lowerBound]..<counts[bytes.upperBound] }
}
