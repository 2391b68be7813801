/// Cuts a stream of bytes into lines of a bounded length.
package struct LineBuffer {
    package enum Next: Equatable {
        /// A line without its terminator.
        case line([UInt8])
        /// A line that is, or will be, over the limit.
        case tooLong
        /// No line is complete.
        case incomplete
    }

    private let limit: Int
    private var bytes: [UInt8] = []
    /// Where the first line that has not been taken begins.
    private var start = 0
    /// Up to where there is known to be no line feed, so that a long line that comes in pieces is searched once only.
    private var searched = 0

    /// Above this capacity an empty buffer gives its memory back.
    private static let keptCapacity = 64 << 10

    /// Lines may have `limit` bytes, their `\n` or `\r\n` not counted.
    package init(limit: Int) { self.limit = limit }

    /// Bytes that no line has taken yet.
    package var count: Int { bytes.count - start }

    package mutating func append(_ more: some Collection<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    package mutating func removeAll() {
        bytes = []
        start = 0
        searched = 0
    }

    package mutating func next() -> Next {
        guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            let length = bytes.last == UInt8(ascii: "\r") ? count - 1 : count
            return length > limit ? .tooLong : .incomplete
        }
        var line = bytes[start..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard line.count <= limit else { return .tooLong }
        let taken = Array(line)
        start = end + 1
        searched = start
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
            start = 0
            searched = 0
        }
        return .line(taken)
    }
}
