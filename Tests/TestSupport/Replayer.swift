import AttuneClient
import Foundation
package import LineProtocol
import Synchronization

/// Plays transcripts against a server and throws at the first step that goes otherwise.
package struct Replayer {
    /// What went otherwise, and where.
    package struct Deviation: Error, CustomStringConvertible {
        package let description: String
    }

    private let schemas: MessageSchemas
    private let onEvent: (String) async throws -> Void

    /// Messages are held against the schemas on the way; `onEvent` does what `event` steps ask for.
    package init(onEvent: @escaping (String) async throws -> Void = { _ in }) throws {
        schemas = try MessageSchemas()
        self.onEvent = onEvent
    }

    /// Plays a transcript over a connection of its own.
    package func play(_ transcript: Transcript, path: String) async throws {
        let (lines, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let connection = try LineConnection(
            path: path,
            onLine: { continuation.yield($0) },
            onEnd: { continuation.finish() }
        )
        defer { connection.close() }
        var received = Inbox(lines: lines)
        var pattern = Pattern()
        var methods: [JSONValue: String] = [:]
        for (line, step) in transcript.steps {
            do {
                switch step {
                case .send(let value):
                    let message = try pattern.filled(value)
                    if case .object(let object) = message, let id = object["id"],
                        case .string(let method)? = object["method"]
                    {
                        methods[id] = method
                    }
                    connection.send(try LineEncoder.encode(message) + [UInt8(ascii: "\n")])
                case .sendBytes(let bytes): connection.send(bytes)
                case .receive(let expected):
                    let message = try await received.next(like: try pattern.filled(expected))
                    try pattern.match(message, expected)
                    try schemas.check(message, methods: methods)
                case .halfClose: connection.finishSending()
                case .closed:
                    if let message = await received.rest() { throw Deviation(description: "unexpected: \(message)") }
                case .event(let name): try await onEvent(name)
                }
            } catch {
                throw Deviation(description: "\(transcript.name), line \(line): \(error)")
            }
        }
    }

    /// Messages that came, until the transcript asks for them.
    private struct Inbox {
        private var iterator: AsyncStream<[UInt8]>.Iterator
        private var waiting: [JSONValue] = []

        init(lines: AsyncStream<[UInt8]>) { iterator = lines.makeAsyncIterator() }

        /// The first message with the pattern's id, or for a notification its method; replies may come in any order.
        mutating func next(like pattern: JSONValue) async throws -> JSONValue {
            if let index = waiting.firstIndex(where: { Self.alike($0, pattern) }) { return waiting.remove(at: index) }
            while let line = await iterator.next(isolation: #isolation) {
                let message = try JSONValue(parsing: line)
                if Self.alike(message, pattern) { return message }
                waiting.append(message)
            }
            throw Deviation(description: "the connection ended; came instead: \(waiting)")
        }

        /// A message that nobody asked for, once the connection has ended.
        mutating func rest() async -> String? {
            if let first = waiting.first { return "\(first)" }
            return await iterator.next(isolation: #isolation).map { String(decoding: $0, as: UTF8.self) }
        }

        private static func alike(_ message: JSONValue, _ pattern: JSONValue) -> Bool {
            guard case .object(let message) = message, case .object(let pattern) = pattern else { return false }
            return message["id"] == pattern["id"] && message["method"] == pattern["method"]
        }
    }
}

/// Holds messages against the schemas of `Protocol/Schemas`.
package struct MessageSchemas {
    private let validator: SchemaValidator

    package init() throws { validator = SchemaValidator(documents: try ProtocolFolder.schemas()) }

    /// Checks a reply or notification; `methods` are those of the requests by id.
    package func check(_ message: JSONValue, methods: [JSONValue: String] = [:]) throws {
        guard case .object(let object) = message else { throw Replayer.Deviation(description: "not an object") }
        if object["error"] != nil {
            try validator.check(message, against: "error")
        } else if object["method"] != nil {
            try validator.check(message, against: "progress")
        } else if let id = object["id"], let method = methods[id], let result = object["result"] {
            try validator.check(result, against: Self.file(method) + ".result")
        }
    }

    /// Checks the parameters of a request.
    package func checkParameters(_ parameters: JSONValue, of method: String) throws {
        try validator.check(parameters, against: Self.file(method) + ".params")
    }

    /// `corrections/submit` is described in `corrections-submit.….schema.json`.
    private static func file(_ method: String) -> String {
        method.replacing("$/", with: "").replacing("/", with: "-")
    }
}
