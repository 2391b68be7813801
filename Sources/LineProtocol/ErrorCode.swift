/// The code of an error reply.
///
/// A structure and not an enumeration: a client must be able to show a code that a later server invents.
public struct ErrorCode: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: Int

    /// The code of this number.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The line is not acceptable JSON.
    public static let parseError = ErrorCode(rawValue: -32700)
    /// The JSON is not a request.
    public static let invalidRequest = ErrorCode(rawValue: -32600)
    /// There is no such method, or this daemon does not have it yet.
    public static let methodNotFound = ErrorCode(rawValue: -32601)
    /// A parameter is unknown, missing, of the wrong type or out of range.
    public static let invalidParameters = ErrorCode(rawValue: -32602)
    /// The daemon failed in a way that is not the client's doing.
    public static let internalError = ErrorCode(rawValue: -32603)
    /// A queue or the table of connections is full.
    public static let overloaded = ErrorCode(rawValue: -32000)
    /// The peer's user has not the role that the method needs.
    public static let forbidden = ErrorCode(rawValue: -32001)
    /// Nothing can be stored for now; inference goes on.
    public static let readOnly = ErrorCode(rawValue: -32002)
    /// What was expected is not what is: a serving revision, or an idempotency key's content.
    public static let conflict = ErrorCode(rawValue: -32003)
    /// No such revision, correction or burst.
    public static let notFound = ErrorCode(rawValue: -32004)
    /// The commit failed in a way that leaves its outcome open.
    public static let durabilityUnknown = ErrorCode(rawValue: -32005)
    /// The daemon takes no more requests.
    public static let shuttingDown = ErrorCode(rawValue: -32006)
    /// There is nothing to predict yet.
    public static let noLabels = ErrorCode(rawValue: -32008)
    /// The request was cancelled.
    public static let cancelled = ErrorCode(rawValue: -32800)

    /// Every code of this version of the protocol with its name.
    public static let names: [(code: ErrorCode, name: String)] = [
        (.parseError, "parse error"), (.invalidRequest, "invalid request"), (.methodNotFound, "method not found"),
        (.invalidParameters, "invalid parameters"), (.internalError, "internal error"), (.overloaded, "overloaded"),
        (.forbidden, "forbidden"), (.readOnly, "read-only"), (.conflict, "conflict"), (.notFound, "not found"),
        (.durabilityUnknown, "durability unknown"), (.shuttingDown, "shutting down"), (.noLabels, "no labels"),
        (.cancelled, "cancelled"),
    ]

    /// The code's name, or its number if this version does not know it.
    public var name: String {
        Self.names.first { $0.code == self }?.name ?? "error \(rawValue)"
    }
}
