/// A short stable word that tells programs why a request failed; `data.reason` of an error.
///
/// Those that the protocol's own reading and the socket give are listed here; a method may have reasons of its own.
public struct ErrorReason: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
    /// The word on the wire.
    public let rawValue: String

    /// The reason of this word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The reason of this word.
    public init(stringLiteral value: String) { rawValue = value }

    // A line that is not acceptable JSON.
    package static let notJSON: ErrorReason = "notJSON"
    package static let byteOrderMark: ErrorReason = "byteOrderMark"
    package static let invalidUTF8: ErrorReason = "invalidUTF8"
    package static let nul: ErrorReason = "nul"
    package static let duplicateKey: ErrorReason = "duplicateKey"
    package static let tooDeep: ErrorReason = "tooDeep"
    package static let trailingGarbage: ErrorReason = "trailingGarbage"

    // JSON that is not a request.
    package static let lineTooLong: ErrorReason = "lineTooLong"
    package static let unterminated: ErrorReason = "unterminated"
    package static let batch: ErrorReason = "batch"
    package static let notARequest: ErrorReason = "notARequest"
    package static let duplicateID: ErrorReason = "duplicateID"

    // A request that cannot be met.
    package static let unknownMethod: ErrorReason = "unknownMethod"
    package static let notYet: ErrorReason = "notYet"
    package static let unknownParameter: ErrorReason = "unknownParameter"
    package static let missingParameter: ErrorReason = "missingParameter"
    package static let wrongType: ErrorReason = "wrongType"
    package static let outOfRange: ErrorReason = "outOfRange"
    package static let conflictingParameters: ErrorReason = "conflictingParameters"
    package static let internalError: ErrorReason = "internalError"

    // What stands in the way.
    package static let queueFull: ErrorReason = "queueFull"
    package static let tooManyConnections: ErrorReason = "tooManyConnections"
    package static let role: ErrorReason = "role"
    package static let notOwner: ErrorReason = "notOwner"
    package static let diskFull: ErrorReason = "diskFull"
    package static let notWritable: ErrorReason = "notWritable"
    package static let limit: ErrorReason = "limit"
    package static let inputOutput: ErrorReason = "inputOutput"
    package static let damaged: ErrorReason = "damaged"
    package static let idempotencyKey: ErrorReason = "idempotencyKey"
    package static let expectedCurrent: ErrorReason = "expectedCurrent"
    package static let revision: ErrorReason = "revision"
    package static let correction: ErrorReason = "correction"
    package static let burst: ErrorReason = "burst"
    package static let configuration: ErrorReason = "configuration"
    package static let commit: ErrorReason = "commit"
    package static let shuttingDown: ErrorReason = "shuttingDown"
    package static let noLabels: ErrorReason = "noLabels"
    package static let cancelled: ErrorReason = "cancelled"
}
