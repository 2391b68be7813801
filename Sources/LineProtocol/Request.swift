/// A line from a client, as far as it is the same for every method.
package struct Request: Sendable, Hashable {
    /// Nil for a notification, which gets no reply.
    package let id: RequestID?
    package let method: String
    /// The parameters without the progress token.
    package let parameters: JSONObject
    package let progressToken: RequestID?

    /// The name of the notification that cancels a request.
    package static let cancellation = "$/cancelRequest"

    /// Why a line is no request, and the id to answer with where one could be read.
    package struct Rejection: Error, Hashable {
        package let id: RequestID?
        package let error: ProtocolError
    }

    package init(
        id: RequestID?,
        method: String,
        parameters: JSONObject = JSONObject(),
        progressToken: RequestID? = nil
    ) {
        self.id = id
        self.method = method
        self.parameters = parameters
        self.progressToken = progressToken
    }

    /// Reads a line without its terminator.
    package init(line: [UInt8]) throws(Rejection) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: line)
        } catch {
            throw Rejection(id: nil, error: error)
        }
        if case .array = json {
            throw Self.rejection("batches are refused: send one request a line", .batch)
        }
        guard case .object(let object) = json else {
            throw Self.rejection("a request is an object, not \(json.kind)")
        }
        if let value = object["id"] {
            guard let id = RequestID(value) else {
                throw Self.rejection("'id' must be a string or an integer, not \(value.kind)")
            }
            self.id = id
        } else {
            id = nil
        }
        for member in object.members where !["jsonrpc", "id", "method", "params"].contains(member.name) {
            let message = "unknown member \(member.name.quoted); a request has jsonrpc, id, method and params"
            throw Self.rejection(message, id: id)
        }
        guard case .string("2.0")? = object["jsonrpc"] else {
            throw Self.rejection("'jsonrpc' must be \"2.0\"", id: id)
        }
        guard case .string(let method)? = object["method"] else {
            throw Self.rejection("'method' must be a string", id: id)
        }
        self.method = method
        var parameters = JSONObject()
        switch object["params"] {
        case nil: break
        case .object(let object)?: parameters = object
        case let value?:
            throw Self.rejection("'params' must be an object of named parameters, not \(value.kind)", id: id)
        }
        // A token of the wrong type stays where it is, and is refused with the other parameters.
        progressToken = parameters["progressToken"].flatMap(RequestID.init)
        if progressToken != nil { parameters["progressToken"] = nil }
        self.parameters = parameters
    }

    /// The id of the request that `$/cancelRequest` means, from its parameters.
    package static func cancelled(_ parameters: JSONObject) throws(ProtocolError) -> RequestID {
        let reader = try ParameterReader(parameters, of: cancellation, taking: ["id"])
        return try reader.id("id")
    }

    private static func rejection(
        _ message: String,
        _ reason: ErrorReason = .notARequest,
        id: RequestID? = nil
    ) -> Rejection {
        Rejection(id: id, error: ProtocolError(.invalidRequest, reason, message))
    }
}
