import Foundation

/// What can be told of SQLite's log without SQLite, which takes everything behind a damaged place for never written.
enum WriteAheadLog {
    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// Checks that no commit that was synced is damaged.
    ///
    /// A transaction's frames are synced before the next one's are written. So where two commits of the log's present
    /// round lie at or behind the first damaged frame, the first of them was complete once. Damage to the very last
    /// transaction cannot be told from one that a failure of power cut short.
    ///
    /// - Throws: `StorageError` with `corrupt`.
    static func check(_ path: String) throws(StorageError) {
        guard FileSystem.exists(path) else { return }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        } catch {
            throw StorageError(.inputOutput, "cannot read \(path): \(error)")
        }
        let lost = unsafe data.withUnsafeBytes { unsafe commitsBehindDamage($0) }
        guard lost < 2 else {
            throw StorageError(
                .corrupt, "\(path) is damaged: \(lost) transactions that were committed lie behind the damage")
        }
    }

    /// How many commits there are at or behind the first damaged frame.
    private static func commitsBehindDamage(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= headerSize else { return 0 }
        func word(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let isBigEndian = word(0) & 1 == 1
        var sum = Checksum(isBigEndian: isBigEndian)
        unsafe sum.add(bytes, 0..<24)
        let pageSize = Int(word(8))
        let isHeaderSound = word(0) & ~1 == 0x377F_0682 && sum.a == word(24) && sum.b == word(28)
        // A damaged header makes SQLite ignore the whole log; the frames say what page size it had.
        let size = isHeaderSound ? pageSize : 4096
        guard (512...65_536).contains(size), size.nonzeroBitCount == 1 else { return 0 }
        var salts = (word(16), word(20))
        if !isHeaderSound, bytes.count >= headerSize + frameHeaderSize { salts = (word(40), word(44)) }
        var isSound = isHeaderSound
        var commits = 0
        var offset = headerSize
        while offset + frameHeaderSize + size <= bytes.count {
            let isOfThisRound = word(offset + 8) == salts.0 && word(offset + 12) == salts.1
            if isSound {
                var next = sum
                unsafe next.add(bytes, offset..<offset + 8)
                unsafe next.add(bytes, offset + frameHeaderSize..<offset + frameHeaderSize + size)
                isSound = isOfThisRound && next.a == word(offset + 16) && next.b == word(offset + 20)
                sum = next
            }
            if !isSound, isOfThisRound, word(offset + 4) != 0 { commits += 1 }
            offset += frameHeaderSize + size
        }
        return commits
    }

    /// The log's running sum, over pairs of words in one of the two byte orders.
    private struct Checksum {
        let isBigEndian: Bool
        var a: UInt32 = 0
        var b: UInt32 = 0

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        /// Adds the bytes in `range`, whose length is a multiple of 8.
        mutating func add(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
            var offset = range.lowerBound
            while offset < range.upperBound {
                let first = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let second = unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                a &+= (isBigEndian ? UInt32(bigEndian: first) : UInt32(littleEndian: first)) &+ b
                b &+= (isBigEndian ? UInt32(bigEndian: second) : UInt32(littleEndian: second)) &+ a
                offset += 8
            }
        }
    }
}
