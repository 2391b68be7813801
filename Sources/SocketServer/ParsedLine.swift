package import LineProtocol

/// What a line asks for, before anyone has decided whether it may.
package enum ParsedLine: Sendable {
    case rejected(Request.Rejection)
    /// Cancels the request of this id; `id` is that of the cancelling request, if it is one.
    case cancellation(Result<RequestID, ProtocolError>, id: RequestID?)
    case request(id: RequestID?, progressToken: RequestID?, method: Method, call: Result<Call, ProtocolError>)
    /// A request for a method that does not exist.
    case unknown(ProtocolError, id: RequestID?)

    package init(_ line: [UInt8]) {
        let request: Request
        do {
            request = try Request(line: line)
        } catch {
            self = .rejected(error)
            return
        }
        if request.method == Request.cancellation {
            let target = Result { () throws(ProtocolError) in try Request.cancelled(request.parameters) }
            self = .cancellation(target, id: request.id)
            return
        }
        let call = Result { () throws(ProtocolError) in
            try Call(method: request.method, parameters: request.parameters)
        }
        if let method = Method(rawValue: request.method) {
            self = .request(id: request.id, progressToken: request.progressToken, method: method, call: call)
        } else if case .failure(let error) = call {
            self = .unknown(error, id: request.id)
        } else {
            preconditionFailure("a call without a method")
        }
    }
}
