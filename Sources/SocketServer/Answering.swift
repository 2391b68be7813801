import LineProtocol
import Logging

/// One call on its way to the handler and back; runs on the cooperative pool.
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

    /// What the handler made of the call, as bytes where it could be met.
    @concurrent func outcome(_ context: RequestContext) async -> Outcome {
        do {
            let result = try await handler.answer(call, context: context)
            guard let id else { return .reply([]) }
            return .reply(try Reply.result(result, to: id))
        } catch let error as ProtocolError {
            return .failed(error)
        } catch is CancellationError {
            return .cancelled
        } catch {
            logger.error("a request failed", metadata: ["method": "\(call.method.rawValue)", "error": "\(error)"])
            return .failed(ProtocolError(.internalError, .internalError, "the daemon failed; its log says why"))
        }
    }
}
