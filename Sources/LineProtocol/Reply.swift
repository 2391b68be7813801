/// The lines that a server sends.
package enum Reply {
    /// The reply to a request that was met.
    package static func result(_ result: any Encodable, to id: RequestID) throws -> [UInt8] {
        var bytes = try opening(id)
        bytes += #","result":"#.utf8
        try LineEncoder.encode(result, into: &bytes)
        bytes += "}\n".utf8
        return bytes
    }

    /// The reply to a request that was not; `id` is nil where none could be read.
    package static func error(_ error: ProtocolError, to id: RequestID?) throws -> [UInt8] {
        var bytes = try opening(id)
        bytes += #","error":"#.utf8
        try LineEncoder.encode(error, into: &bytes)
        bytes += "}\n".utf8
        return bytes
    }

    /// A notification of progress.
    package static func progress(_ value: JSONValue, token: RequestID) throws -> [UInt8] {
        var bytes = Array(#"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"#.utf8)
        try LineEncoder.encode(token, into: &bytes)
        bytes += #","value":"#.utf8
        try LineEncoder.encode(value, into: &bytes)
        bytes += "}}\n".utf8
        return bytes
    }

    private static func opening(_ id: RequestID?) throws -> [UInt8] {
        var bytes = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        try LineEncoder.encode(id?.json ?? .null, into: &bytes)
        return bytes
    }
}

/// A line from a server, as far as it is the same for every method.
package enum ServerMessage: Sendable, Hashable {
    case result(JSONValue, id: RequestID)
    case error(ProtocolError, id: RequestID?)
    case progress(JSONValue, token: RequestID)

    /// Reads a line without its terminator; nil if it is none of these.
    package init?(line: [UInt8]) {
        guard case .object(let object)? = try? JSONValue(parsing: line) else { return nil }
        let id = object["id"].flatMap(RequestID.init)
        if let result = object["result"], let id {
            self = .result(result, id: id)
        } else if case .object(let error)? = object["error"], let parsed = ProtocolError(error) {
            self = .error(parsed, id: id)
        } else if case .object(let parameters)? = object["params"], object["method"] == "$/progress",
            let token = parameters["token"].flatMap(RequestID.init), let value = parameters["value"]
        {
            self = .progress(value, token: token)
        } else {
            return nil
        }
    }
}

extension ProtocolError {
    /// The error of a reply, or nil if it has not the form of one.
    fileprivate init?(_ object: JSONObject) {
        guard case .integer(let code)? = object["code"], case .string(let message)? = object["message"] else {
            return nil
        }
        var details = JSONObject()
        if case .object(let data)? = object["data"] { details = data }
        var reason: ErrorReason = ""
        if case .string(let word)? = details["reason"] { reason = ErrorReason(rawValue: word) }
        details["reason"] = nil
        self.init(ErrorCode(rawValue: Int(code)), reason, message, details: details)
    }
}
