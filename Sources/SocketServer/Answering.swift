import LineProtocol
import Logging

/// One call on its way to the handler and back.
struct Answering: Sendable {
    enum Outcome: Sendable {
        case reply([UInt8])
        case cancelled
        case failed(ProtocolError)
    }

    let call: Call
    let id: RequestID?
    let handler: any RequestHandler
    let logger: Logger

    /// What the handler made of the call, as bytes where it could be met; computed on the cooperative pool.
    @concurrent func outcome(_ context: RequestContext) async -> Outcome {
        do {
            return try reply(try await handler.answer(call, context: context))
        } catch {
            return outcome(of: error)
        }
    }

    /// The same, computed on the calling thread; nil where the handler will not.
    func outcomeAtOnce(_ context: RequestContext) -> Outcome? {
        do {
            return try handler.answerAtOnce(call, context: context).map(reply)
        } catch {
            return outcome(of: error)
        }
    }

    private func reply(_ result: any Encodable & Sendable) throws -> Outcome {
        guard let id else { return .reply([]) }
        return .reply(try Reply.result(result, to: id))
    }

    private func outcome(of error: any Error) -> Outcome {
        switch error {
        case let error as ProtocolError: return .failed(error)
        case is CancellationError: return .cancelled
        default:
            logger.error("a request failed", metadata: ["method": "\(call.method.rawValue)", "error": "\(error)"])
            return .failed(ProtocolError(.internalError, .internalError, "the daemon failed; its log says why"))
        }
    }
}
