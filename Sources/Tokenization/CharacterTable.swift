/// What a scalar is to BERT's tokenizer.
struct CharacterClass: OptionSet {
    let rawValue: UInt8

    static let removed = Self(rawValue: 1)
    static let cleanedSpace = Self(rawValue: 2)
    static let space = Self(rawValue: 4)
    static let punctuation = Self(rawValue: 8)
    static let ideograph = Self(rawValue: 16)
    static let mark = Self(rawValue: 32)
    static let word = Self(rawValue: 64)
    /// It decomposes, may change places with a neighbour when others do, or has a small letter.
    static let changing = Self(rawValue: 128)
}

/// `UnicodeTables`, unfolded for look-ups.
struct CharacterTable: Sendable {
    static let shared = CharacterTable()

    /// Classes in pages of 256 scalars; all pages without any class are one.
    private var pages = [UInt16](repeating: 0, count: 0x1100)
    private var classes = [UInt8](repeating: 0, count: 256)
    private var decompositions: [UInt32: [UInt32]] = [:]
    private var combiningClasses: [UInt32: UInt8] = [:]
    private var smallLetters: [UInt32: UInt32] = [:]

    private static let hangul: ClosedRange<UInt32> = 0xac00...0xd7a3

    private init() {
        let sets: [(String, CharacterClass)] = [
            (UnicodeTables.removed, .removed), (UnicodeTables.cleanedSpaces, .cleanedSpace),
            (UnicodeTables.spaces, .space), (UnicodeTables.punctuation, .punctuation),
            (UnicodeTables.ideographs, .ideograph), (UnicodeTables.marks, .mark), (UnicodeTables.words, .word),
        ]
        for (table, set) in sets {
            var numbers = Numbers(table)
            var end: UInt32 = 0
            while let gap = numbers.next(), let length = numbers.next() {
                mark(end + gap...end + gap + length, set)
                end += gap + length
            }
        }
        mark(Self.hangul, .changing)
        readDecompositions()
        readCombiningClasses()
        readSmallLetters()
    }

    /// The classes of a scalar.
    subscript(scalar: UInt32) -> CharacterClass {
        CharacterClass(rawValue: classes[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xff)])
    }

    /// Its canonical combining class; 0 for a starter.
    func combiningClass(_ scalar: UInt32) -> UInt8 { combiningClasses[scalar] ?? 0 }

    /// Calls `body` with the scalars of its full canonical decomposition.
    func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        if Self.hangul.contains(scalar) {
            let syllable = scalar - 0xac00
            body(0x1100 + syllable / 588)
            body(0x1161 + syllable % 588 / 28)
            if syllable % 28 != 0 { body(0x11a7 + syllable % 28) }
        } else if let parts = decompositions[scalar] {
            for part in parts { body(part) }
        } else {
            body(scalar)
        }
    }

    /// Calls `body` with the scalars of its small letter, or with itself.
    func lowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        body(smallLetters[scalar] ?? scalar)
        // İ is the only one whose small letter is two scalars.
        if scalar == 0x130 { body(0x307) }
    }

    private mutating func mark(_ range: ClosedRange<UInt32>, _ set: CharacterClass) {
        for scalar in range {
            let page = Int(scalar >> 8)
            if pages[page] == 0 {
                pages[page] = UInt16(classes.count >> 8)
                classes.append(contentsOf: repeatElement(0, count: 256))
            }
            classes[Int(pages[page]) << 8 | Int(scalar & 0xff)] |= set.rawValue
        }
    }

    private mutating func readDecompositions() {
        var numbers = Numbers(UnicodeTables.decompositions)
        var scalar: UInt32 = 0
        while let gap = numbers.next(), let length = numbers.next() {
            scalar += gap
            decompositions[scalar] = (0..<length).compactMap { _ in numbers.next() }
            mark(scalar...scalar, .changing)
        }
    }

    private mutating func readCombiningClasses() {
        var numbers = Numbers(UnicodeTables.combiningClasses)
        var end: UInt32 = 0
        while let gap = numbers.next(), let length = numbers.next(), let number = numbers.next() {
            let range = end + gap...end + gap + length
            for scalar in range { combiningClasses[scalar] = UInt8(number) }
            mark(range, .changing)
            end = range.upperBound
        }
    }

    private mutating func readSmallLetters() {
        var numbers = Numbers(UnicodeTables.lowercase)
        var end: UInt32 = 0
        while let gap = numbers.next(), let count = numbers.next(), let step = numbers.next(),
            let shift = numbers.next()
        {
            let first = end + gap
            end = first + step * (count - 1)
            for capital in stride(from: first, through: end, by: Int(step)) {
                let distance = Int(shift >> 1) ^ -Int(shift & 1)
                smallLetters[capital] = UInt32(Int(capital) + distance)
                mark(capital...capital, .changing)
            }
        }
    }

    /// The base-36 numbers in a table.
    private struct Numbers: IteratorProtocol {
        private var digits: String.UTF8View.Iterator

        init(_ table: String) { digits = table.utf8.makeIterator() }

        mutating func next() -> UInt32? {
            var number: UInt32?
            while let digit = digits.next() {
                guard digit > UInt8(ascii: " ") else {
                    if number == nil { continue }
                    break
                }
                let value = digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
                number = (number ?? 0) * 36 + UInt32(value)
            }
            return number
        }
    }
}
