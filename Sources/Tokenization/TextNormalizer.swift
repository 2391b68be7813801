/// BERT's normalizer: cleans, sets ideographs apart, strips accents, lowercases, in this order.
struct TextNormalizer: Sendable {
    private let options: Options
    let table = CharacterTable.shared
    /// What becomes of each ASCII character; `removed` for nothing.
    private var ascii: [UInt8] = []
    private static let removed: UInt8 = 0xff

    /// What the normalizer does.
    struct Options: Sendable {
        var cleans = false
        var separatesIdeographs = false
        var stripsAccents = false
        var lowercases = false
    }

    /// A scalar on its way, with the bytes of the original that it stands for.
    private struct Scalar {
        var value: UInt32
        var origin: Range<Int>
    }

    init(_ options: Options) {
        self.options = options
        // ASCII characters neither decompose nor change places, so that each goes its way alone.
        for character in UInt8(0)..<0x80 {
            var text = NormalizedText()
            normalizeScalars([character], 0..<1, into: &text, aligned: false)
            ascii.append(text.bytes.first ?? Self.removed)
        }
    }

    /// The normal form of `text`.
    func normalized(_ text: String) -> [UInt8] {
        var output = NormalizedText()
        let bytes = Array(text.utf8)
        normalize(bytes, bytes.indices, into: &output, aligned: false)
        return output.bytes
    }

    /// Whether a word always ends before `scalar`, and nothing that comes before and after it is ever exchanged.
    func endsWord(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 {
            let classes = table[scalar]
            return !classes.isDisjoint(with: [.space, .punctuation]) && !(options.cleans && classes.contains(.removed))
        }
        return options.separatesIdeographs && table[scalar].contains(.ideograph)
    }

    /// Writes the normal form of `range` of `bytes` into `text`, in place of what was there.
    ///
    /// `aligned` says whether the text's origins are wanted too.
    func normalize(_ bytes: [UInt8], _ range: Range<Int>, into text: inout NormalizedText, aligned: Bool) {
        text.bytes.removeAll(keepingCapacity: true)
        text.origins.removeAll(keepingCapacity: true)
        guard !aligned else {
            normalizeScalars(bytes, range, into: &text, aligned: true)
            return
        }
        text.bytes.reserveCapacity(range.count)
        for position in range {
            let byte = bytes[position]
            guard byte < 0x80 else {
                text.bytes.removeAll(keepingCapacity: true)
                normalizeScalars(bytes, range, into: &text, aligned: false)
                return
            }
            let mapped = ascii[Int(byte)]
            if mapped != Self.removed { text.bytes.append(mapped) }
        }
    }

    private func normalizeScalars(_ bytes: [UInt8], _ range: Range<Int>, into text: inout NormalizedText, aligned: Bool)
    {
        var scalars = cleaned(bytes, range)
        if options.stripsAccents {
            if scalars.contains(where: { table[$0.value].contains(.changing) }) { scalars = decomposed(scalars) }
            scalars.removeAll { table[$0.value].contains(.mark) }
        }
        for scalar in scalars {
            func append(_ value: UInt32) {
                let start = text.bytes.count
                UTF8Scalars.append(value, to: &text.bytes)
                guard aligned else { return }
                text.origins.append(contentsOf: repeatElement(scalar.origin, count: text.bytes.count - start))
            }
            if options.lowercases, table[scalar.value].contains(.changing) {
                table.lowercase(scalar.value, append)
            } else {
                append(scalar.value)
            }
        }
    }

    private func cleaned(_ bytes: [UInt8], _ range: Range<Int>) -> [Scalar] {
        var scalars: [Scalar] = []
        scalars.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let (value, length) = UTF8Scalars.scalar(in: bytes, at: position)
            let origin = position..<position + length
            position += length
            let classes = table[value]
            if options.cleans, classes.contains(.removed) { continue }
            if options.separatesIdeographs, classes.contains(.ideograph) {
                scalars.append(Scalar(value: 0x20, origin: origin))
                scalars.append(Scalar(value: value, origin: origin))
                scalars.append(Scalar(value: 0x20, origin: origin))
            } else {
                let isSpace = options.cleans && classes.contains(.cleanedSpace)
                scalars.append(Scalar(value: isSpace ? 0x20 : value, origin: origin))
            }
        }
        return scalars
    }

    /// Canonical decomposition and ordering (NFD).
    ///
    /// Of scalars that change places the origins stay behind, as they do in Hugging Face's: the first to come out takes
    /// the first origin. A scalar that a decomposition adds takes the origin of the one before it.
    private func decomposed(_ scalars: [Scalar]) -> [Scalar] {
        var output: [Scalar] = []
        output.reserveCapacity(scalars.count)
        var taken = 0
        func append(_ value: UInt32, isAdded: Bool) {
            if !isAdded { taken += 1 }
            output.append(Scalar(value: value, origin: scalars[max(taken - 1, 0)].origin))
        }
        /// Marks since the last starter. Their places keep those of one class in their order.
        var marks: [(order: UInt8, place: Int, value: UInt32, isAdded: Bool)] = []
        func flush() {
            if marks.count > 1 { marks.sort { ($0.order, $0.place) < ($1.order, $1.place) } }
            for mark in marks { append(mark.value, isAdded: mark.isAdded) }
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in scalars {
            guard table[scalar.value].contains(.changing) else {
                if !marks.isEmpty { flush() }
                append(scalar.value, isAdded: false)
                continue
            }
            var isAdded = false
            table.decompose(scalar.value) { part in
                let order = table[part].contains(.changing) ? table.combiningClass(part) : 0
                if order == 0 {
                    if !marks.isEmpty { flush() }
                    append(part, isAdded: isAdded)
                } else {
                    marks.append((order, marks.count, part, isAdded))
                }
                isAdded = true
            }
        }
        flush()
        return output
    }
}

/// A text in normal form.
struct NormalizedText {
    var bytes: [UInt8] = []
    /// For each byte, the bytes of the original that it stands for; empty unless asked for.
    var origins: [Range<Int>] = []

    /// The bytes of the original that the bytes in `range`, which is not empty, stand for.
    func origin(of range: Range<Int>) -> Range<Int> {
        let start = origins[range.lowerBound].lowerBound
        return start..<max(start, origins[range.upperBound - 1].upperBound)
    }
}
