/// An error as the wire carries it.
public struct ProtocolError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of error it is.
    public let code: ErrorCode
    /// Why, for programs.
    public let reason: ErrorReason
    /// Why, for people; names the parameter that was wrong.
    public let message: String
    /// Further members of `data`, such as `retryAfterMs`.
    public let details: JSONObject

    /// An error with its reason for programs and its message for people.
    public init(_ code: ErrorCode, _ reason: ErrorReason, _ message: String, details: JSONObject = JSONObject()) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    /// The code's name and the message.
    public var description: String { "\(code.name) (\(code.rawValue)): \(message)" }

    /// A queue is full; the client may try again after this time.
    package static func overloaded(_ message: String, retryAfterMs: Int64) -> ProtocolError {
        ProtocolError(
            .overloaded,
            .queueFull,
            message,
            details: JSONObject([.init(name: "retryAfterMs", value: .integer(retryAfterMs))])
        )
    }

    /// The daemon understands the method but does not offer it.
    package static func notYet(_ method: Method) -> ProtocolError {
        ProtocolError(.methodNotFound, .notYet, "this daemon does not offer \(method.rawValue) yet")
    }

    /// The daemon is stopping.
    package static var shuttingDown: ProtocolError {
        ProtocolError(.shuttingDown, .shuttingDown, "the daemon is shutting down")
    }

    /// The request was cancelled.
    package static var cancelled: ProtocolError {
        ProtocolError(.cancelled, .cancelled, "the request was cancelled")
    }
}

extension ProtocolError: Encodable {
    private enum CodingKeys: String, CodingKey {
        case code, message, data
    }

    /// Writes the error as the wire has it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code.rawValue, forKey: .code)
        try container.encode(message, forKey: .message)
        let data = [JSONObject.Member(name: "reason", value: .string(reason.rawValue))] + details.members
        try container.encode(JSONValue.object(JSONObject(data)), forKey: .data)
    }
}
