/// A set of journal sequence numbers, kept as sorted ranges that neither overlap nor touch.
///
/// A journal of 50,000 corrections is one range as long as nothing is missing in it, so copying, comparing and storing
/// such a set costs next to nothing. Its text is "1-40,43".
package struct SequenceSet: Equatable, Sendable {
    package private(set) var ranges: [ClosedRange<Int64>] = []
    /// How many numbers the set has.
    package private(set) var count = 0

    package init() {}

    package init(_ range: ClosedRange<Int64>) {
        append(range)
    }

    package init(_ sequences: some Sequence<Int64>) {
        for sequence in sequences { insert(sequence) }
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// The numbers in ascending order.
    package var elements: some Sequence<Int64> { ranges.lazy.flatMap { $0 } }

    package func contains(_ sequence: Int64) -> Bool {
        let index = firstRange(endingAt: sequence)
        return index < ranges.count && ranges[index].lowerBound <= sequence
    }

    /// Adds `sequence`, which must be from 1 to the second highest `Int64`; false if it was there.
    @discardableResult package mutating func insert(_ sequence: Int64) -> Bool {
        precondition(sequence > 0 && sequence < .max, "sequence numbers are positive")
        // The first range that has the number, ends right before it, or lies behind it.
        let index = firstRange(endingAt: sequence - 1)
        guard index < ranges.count else {
            ranges.append(sequence...sequence)
            count += 1
            return true
        }
        let range = ranges[index]
        if range.contains(sequence) { return false }
        count += 1
        if range.upperBound == sequence - 1 {
            if index + 1 < ranges.count, ranges[index + 1].lowerBound == sequence + 1 {
                ranges[index] = range.lowerBound...ranges[index + 1].upperBound
                ranges.remove(at: index + 1)
            } else {
                ranges[index] = range.lowerBound...sequence
            }
        } else if range.lowerBound == sequence + 1 {
            ranges[index] = sequence...range.upperBound
        } else {
            ranges.insert(sequence...sequence, at: index)
        }
        return true
    }

    /// Takes `sequence` out; false if it was not there.
    @discardableResult package mutating func remove(_ sequence: Int64) -> Bool {
        let index = firstRange(endingAt: sequence)
        guard index < ranges.count, ranges[index].lowerBound <= sequence else { return false }
        let range = ranges[index]
        var parts: [ClosedRange<Int64>] = []
        if range.lowerBound < sequence { parts.append(range.lowerBound...(sequence - 1)) }
        if range.upperBound > sequence { parts.append((sequence + 1)...range.upperBound) }
        ranges.replaceSubrange(index...index, with: parts)
        count -= 1
        return true
    }

    /// The index of the first range whose end is not below `sequence`; the number of ranges if there is none.
    private func firstRange(endingAt sequence: Int64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds a range that begins behind all others, or touches or overlaps only the last one.
    fileprivate mutating func append(_ range: ClosedRange<Int64>) {
        precondition(range.lowerBound > 0 && range.upperBound < .max, "sequence numbers are positive")
        guard let last = ranges.last, range.lowerBound <= last.upperBound + 1 else {
            ranges.append(range)
            count += range.count
            return
        }
        precondition(range.lowerBound >= last.lowerBound, "ranges are added in order")
        if range.upperBound > last.upperBound {
            ranges[ranges.count - 1] = last.lowerBound...range.upperBound
            count += Int(range.upperBound - last.upperBound)
        }
    }
}

extension SequenceSet {
    /// What is in either set.
    package func union(_ other: SequenceSet) -> SequenceSet {
        var result = SequenceSet()
        var left = ranges[...]
        var right = other.ranges[...]
        while let first = left.first ?? right.first {
            if let second = right.first, second.lowerBound < first.lowerBound || left.isEmpty {
                result.append(second)
                right.removeFirst()
            } else {
                result.append(first)
                left.removeFirst()
            }
        }
        return result
    }

    /// What is in both sets.
    package func intersection(_ other: SequenceSet) -> SequenceSet {
        var result = SequenceSet()
        var left = 0
        var right = 0
        while left < ranges.count, right < other.ranges.count {
            let low = max(ranges[left].lowerBound, other.ranges[right].lowerBound)
            let high = min(ranges[left].upperBound, other.ranges[right].upperBound)
            if low <= high { result.append(low...high) }
            if ranges[left].upperBound == high { left += 1 } else { right += 1 }
        }
        return result
    }

    /// What is in this set and not in `other`.
    package func subtracting(_ other: SequenceSet) -> SequenceSet {
        var result = SequenceSet()
        var index = 0
        for range in ranges {
            var low = range.lowerBound
            while index < other.ranges.count, other.ranges[index].upperBound < low { index += 1 }
            var next = index
            while next < other.ranges.count, other.ranges[next].lowerBound <= range.upperBound {
                if other.ranges[next].lowerBound > low { result.append(low...(other.ranges[next].lowerBound - 1)) }
                low = other.ranges[next].upperBound + 1
                next += 1
            }
            if low <= range.upperBound { result.append(low...range.upperBound) }
            // A range of the other set that reaches past this one is looked at again for the next.
            index = max(index, next - 1)
        }
        return result
    }
}

extension SequenceSet: LosslessStringConvertible {
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    /// Reads what `description` wrote; nil for anything that it would not have written.
    package init?(_ description: String) {
        self.init()
        if description.isEmpty { return }
        for part in description.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = ends.first, let low = Self.number(first),
                let high = ends.count == 2 ? Self.number(ends[1]) : low,
                ends.count == 1 || low < high, low > ranges.last.map({ $0.upperBound + 1 }) ?? 0
            else { return nil }
            append(low...high)
        }
    }

    private static func number(_ digits: Substring.UTF8View) -> Int64? {
        guard digits.first != UInt8(ascii: "0"), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(Substring(digits)), value < .max
        else { return nil }
        return value
    }
}

extension SequenceSet: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let set = SequenceSet(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected ranges like 1-40,43")
        }
        self = set
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
