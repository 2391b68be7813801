/// Tokens by their bytes: finds the longest token that a text goes on with, without looking at a byte twice.
struct TokenTable: Sendable {
    private struct Slot {
        var tag: UInt32 = 0
        var id: Int32 = 0
        var start = 0
        /// 0 where the slot is free; no token is empty.
        var length = 0
    }

    private var slots: [Slot]
    private var bytes: [UInt8] = []
    private var longest = 0

    /// A table with room for `count` tokens.
    init(count: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
    }

    /// Adds a token that is not empty; false if it is there already.
    mutating func insert(_ token: some Collection<UInt8>, id: Int32) -> Bool {
        let key = Array(token)
        let hash = Self.finished(key.reduce(Self.seed, Self.step))
        guard find(key, 0..<key.count, hash) == nil else { return false }
        var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[index].length != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = Slot(tag: UInt32(hash >> 32), id: id, start: bytes.count, length: key.count)
        bytes += key
        longest = max(longest, key.count)
        return true
    }

    /// The id of a token.
    func id(of token: some Collection<UInt8>) -> Int32? {
        let key = Array(token)
        return find(key, 0..<key.count, Self.finished(key.reduce(Self.seed, Self.step)))
    }

    /// The longest token that `text` has at the start of `range`, and where it ends there.
    ///
    /// `hashes` is room to work in.
    func longestPrefix(
        of text: [UInt8],
        in range: Range<Int>,
        hashes: inout [UInt64]
    ) -> (id: Int32, end: Int)? {
        let end = min(range.upperBound, range.lowerBound + longest)
        if hashes.count <= longest { hashes = Array(repeating: 0, count: longest + 1) }
        var hash = Self.seed
        for position in range.lowerBound..<end {
            hash = Self.step(hash, text[position])
            hashes[position - range.lowerBound] = hash
        }
        var length = end - range.lowerBound
        while length > 0 {
            let candidate = range.lowerBound..<range.lowerBound + length
            if let id = find(text, candidate, Self.finished(hashes[length - 1])) { return (id, candidate.upperBound) }
            length -= 1
        }
        return nil
    }

    private func find(_ text: [UInt8], _ range: Range<Int>, _ hash: UInt64) -> Int32? {
        let tag = UInt32(hash >> 32)
        var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[index].length != 0 {
            let slot = slots[index]
            if slot.tag == tag, slot.length == range.count, isEqual(slot, text, range.lowerBound) { return slot.id }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isEqual(_ slot: Slot, _ text: [UInt8], _ start: Int) -> Bool {
        for offset in 0..<slot.length where bytes[slot.start + offset] != text[start + offset] { return false }
        return true
    }

    /// FNV-1a, which the hashes of all prefixes fall out of on the way, with its bits mixed at the end.
    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

    @inline(__always)
    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }

    @inline(__always)
    private static func finished(_ hash: UInt64) -> UInt64 { (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9 }
}
