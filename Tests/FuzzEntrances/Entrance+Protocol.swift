import LineProtocol
import SocketServer

extension Entrance {
    /// Two bytes say how long lines may be and in what pieces the rest comes; the pieces must not matter.
    static func lines(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 2 else { return nil }
        let limit = Int(bytes[0])
        let stride = Int(bytes[1]) + 1
        let stream = bytes[2...]

        var expected: [LineBuffer.Next] = []
        var rest = stream
        while expected.last != .tooLong {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            var line = rest[..<(end ?? rest.endIndex)]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.count > limit {
                expected.append(.tooLong)
            } else if let end {
                expected.append(.line(Array(line)))
                rest = rest[(end + 1)...]
            } else {
                expected.append(.incomplete)
                break
            }
        }

        var buffer = LineBuffer(limit: limit)
        var found: [LineBuffer.Next] = []
        for start in Swift.stride(from: stream.startIndex, to: stream.endIndex, by: stride) {
            buffer.append(stream[start..<min(start + stride, stream.endIndex)])
            while case .line(let line) = buffer.next() { found.append(.line(line)) }
            if buffer.next() == .tooLong { break }
        }
        found.append(buffer.next())
        return found == expected ? nil : "lines are cut otherwise in pieces of \(stride) bytes"
    }

    /// A call that was understood is the same when it is written and read again, and every refusal can be sent.
    static func request(_ bytes: [UInt8]) throws -> String? {
        _ = ServerMessage(line: bytes)
        switch ParsedLine(bytes) {
        case .rejected(let rejection):
            _ = try Reply.error(rejection.error, to: rejection.id)
        case .cancellation(.failure(let error), let id), .unknown(let error, let id),
            .request(let id, _, _, .failure(let error)):
            _ = try Reply.error(error, to: id)
        case .cancellation(.success(let target), _):
            _ = try Reply.result(target.json, to: target)
        case .request(let id, let token, let method, .success(let call)):
            let line = try call.line(id: id ?? .integer(0), progressToken: token).dropLast()
            guard case .request(let otherID, let otherToken, method, .success(call)) = ParsedLine(Array(line)),
                otherID == id ?? .integer(0), otherToken == token
            else { return "written again it is \(String(decoding: line, as: UTF8.self))" }
        }
        return nil
    }
}
