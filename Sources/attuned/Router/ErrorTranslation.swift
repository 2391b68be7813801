import Inference
import Learning
import LineProtocol
import Storage

extension ProtocolError {
    /// What a client is told of an error of the engine.
    init(_ error: InferenceError) {
        switch error {
        case .noLabels: self.init(.noLabels, .noLabels, error.description)
        case .unsuitable: self.init(.invalidParameters, .outOfRange, error.description)
        case .overloaded: self = .overloaded(error.description, retryAfterMs: 100)
        case .stopping: self = .shuttingDown
        }
    }

    /// What a client is told of an error of the store.
    init(_ error: StorageError, about reason: ErrorReason) {
        switch error.code {
        case .readOnly, .locked:
            self.init(.readOnly, error.cause == .full ? .diskFull : .notWritable, error.text)
        case .inputOutput: self.init(.readOnly, .inputOutput, error.text)
        case .durabilityUnknown:
            let advice = reason == .idempotencyKey ? "; send it again with the same idempotencyKey" : ""
            self.init(.durabilityUnknown, .commit, error.text + advice)
        case .conflict: self.init(.conflict, error.cause == .otherServes ? .expectedCurrent : reason, error.text)
        case .forbidden: self.init(.forbidden, error.cause == .quarantine ? .role : .notOwner, error.text)
        case .notFound: self.init(.notFound, reason, error.text)
        case .corrupt: self.init(.notFound, .damaged, error.text)
        case .invalid: self.init(.invalidParameters, .outOfRange, error.text)
        case .otherModel: self.init(.conflict, reason, error.text)
        case .closed: self = .shuttingDown
        case .notOwner, .newerFormat: self.init(.internalError, .internalError, error.text)
        }
    }
}

/// Runs `body`, its errors translated for the wire; `reason` says what a conflict or a missing thing is about.
func translated<R>(_ reason: ErrorReason, _ body: () async throws -> R) async throws -> R {
    do {
        return try await body()
    } catch let error as StorageError {
        throw ProtocolError(error, about: reason)
    } catch let error as InferenceError {
        throw ProtocolError(error)
    }
}
