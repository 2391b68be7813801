import SocketServer
import Testing

/// What comes out when `pieces` go in one after another.
private func lines(_ pieces: [[UInt8]], limit: Int) -> (lines: [String], isTooLong: Bool, rest: Int) {
    var buffer = LineBuffer(limit: limit)
    var lines: [String] = []
    for piece in pieces {
        buffer.append(piece)
        reading: while true {
            switch buffer.next() {
            case .line(let line): lines.append(String(decoding: line, as: UTF8.self))
            case .tooLong: return (lines, true, buffer.count)
            case .incomplete: break reading
            }
        }
    }
    return (lines, false, buffer.count)
}

@Suite struct `Bytes become lines` {
    private static let text = Array("one\ntwo\r\n\n\r\nfour\rfour\n rest".utf8)
    private static let expected = ["one", "two", "", "", "four\rfour"]

    @Test func `wherever they are split`() {
        for first in 0...Self.text.count {
            for second in first...Self.text.count {
                let pieces = [Self.text[..<first], Self.text[first..<second], Self.text[second...]].map(Array.init)
                let found = lines(pieces, limit: 100)
                #expect(found.lines == Self.expected)
                #expect(found.rest == 5)
            }
        }
        #expect(lines(Self.text.map { [$0] }, limit: 100).lines == Self.expected)
    }

    @Test(arguments: ["\n", "\r\n"]) func `up to the limit and not beyond`(terminator: String) {
        let end = Array(terminator.utf8)
        let fits = [UInt8](repeating: 120, count: 1000)
        let over = fits + [120]
        for split in [0, 1, 999, 1000, 1001] {
            func pieces(_ line: [UInt8]) -> [[UInt8]] {
                let all = line + end
                return [Array(all[..<split]), Array(all[split...])]
            }
            #expect(lines(pieces(fits), limit: 1000).lines == [String(repeating: "x", count: 1000)])
            #expect(lines(pieces(over), limit: 1000).isTooLong)
            #expect(lines(pieces(over), limit: 1000).lines.isEmpty)
        }
        // Behind a line that is fine, and all in one read.
        let found = lines([Array("a\n".utf8) + over + end + Array("b\n".utf8)], limit: 1000)
        #expect(found.lines == ["a"])
        #expect(found.isTooLong)
    }

    @Test func `a line over the limit is refused before it ends`() {
        #expect(lines([[UInt8](repeating: 120, count: 1001)], limit: 1000).isTooLong)
        #expect(lines([[UInt8](repeating: 120, count: 1000) + [13]], limit: 1000).isTooLong == false)
        #expect(lines([[UInt8](repeating: 120, count: 1000) + [13, 120]], limit: 1000).isTooLong)
    }
}
