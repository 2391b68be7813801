import LineProtocol
import Testing

private func rejected(_ line: String) -> Request.Rejection? {
    do {
        _ = try Request(line: Array(line.utf8))
        return nil
    } catch {
        return error
    }
}

@Suite struct `Lines become requests` {
    @Test func `with all members`() throws {
        let line =
            #"{"jsonrpc":"2.0","id":"a","method":"predict","params":{"input":"x","progressToken":9,"topK":2}}"#
        let request = try Request(line: Array(line.utf8))
        #expect(request.id == .string("a"))
        #expect(request.method == "predict")
        #expect(request.progressToken == .integer(9))
        #expect(request.parameters == JSONObject([.init(name: "input", value: "x"), .init(name: "topK", value: 2)]))
    }

    @Test func `without an id they are notifications`() throws {
        #expect(try Request(line: Array(#"{"jsonrpc":"2.0","method":"status"}"#.utf8)).id == nil)
    }

    @Test(
        arguments: [
            (#"[{"jsonrpc":"2.0","id":1,"method":"status"}]"#, nil, "batch"), ("[]", nil, "batch"),
            ("7", nil, "notARequest"), ("null", nil, "notARequest"),
            (#"{"jsonrpc":"2.0","id":null,"method":"status"}"#, nil, "notARequest"),
            (#"{"jsonrpc":"2.0","id":1.0,"method":"status"}"#, nil, "notARequest"),
            (#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"status"}"#, nil, "notARequest"),
            (#"{"jsonrpc":"2.0","id":true,"method":"status"}"#, nil, "notARequest"),
            (#"{"jsonrpc":"2.0","id":3,"method":"status","extra":1}"#, .integer(3), "notARequest"),
            (#"{"jsonrpc":"1.0","id":"x","method":"status"}"#, .string("x"), "notARequest"),
            (#"{"id":3,"method":"status"}"#, .integer(3), "notARequest"),
            (#"{"jsonrpc":"2.0","id":3}"#, .integer(3), "notARequest"),
            (#"{"jsonrpc":"2.0","id":3,"method":7}"#, .integer(3), "notARequest"),
            (#"{"jsonrpc":"2.0","id":3,"method":"predict","params":["x"]}"#, .integer(3), "notARequest"),
            (#"{"jsonrpc":"2.0","id":3,"method":"predict","params":null}"#, .integer(3), "notARequest"),
        ] as [(String, RequestID?, String)]
    )
    func `or are refused with the id that could be read`(line: String, id: RequestID?, reason: String) throws {
        let rejection = try #require(rejected(line))
        #expect(rejection.id == id)
        #expect(rejection.error.code == .invalidRequest)
        #expect(rejection.error.reason.rawValue == reason)
    }

    @Test func `unreadable lines are parse errors without an id`() throws {
        let rejection = try #require(rejected(#"{"jsonrpc":"2.0","id":3,"#))
        #expect(rejection.id == nil)
        #expect(rejection.error.code == .parseError)
    }

    @Test func `cancelling names a request`() throws {
        let request = try Request(
            line: Array(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"é"}}"#.utf8)
        )
        #expect(request.method == Request.cancellation)
        #expect(try Request.cancelled(request.parameters) == .string("é"))
        #expect(throws: ProtocolError.self) { try Request.cancelled(JSONObject()) }
    }

    @Test func `ids are equal by their scalars`() {
        #expect(RequestID.string("\u{E9}") != .string("e\u{301}"))
        #expect(RequestID.string("1") != .integer(1))
    }
}

@Suite struct `Lines from the server` {
    @Test func `are read back as they were written`() throws {
        let error = ProtocolError.overloaded("full", retryAfterMs: 250)
        func message(_ line: [UInt8]) -> ServerMessage? {
            #expect(line.last == 0x0A)
            #expect(line.dropLast().allSatisfy { $0 >= 0x20 })
            return ServerMessage(line: Array(line.dropLast()))
        }
        let result = try Reply.result(RetractResult(state: .retracted), to: .integer(4))
        #expect(message(result) == .result(["state": "retracted"], id: .integer(4)))
        #expect(message(try Reply.error(error, to: .string("x\n"))) == .error(error, id: .string("x\n")))
        #expect(message(try Reply.error(error, to: nil)) == .error(error, id: nil))
        let progress = try Reply.progress(["step": 1], token: .string("t"))
        #expect(message(progress) == .progress(["step": 1], token: .string("t")))
    }

    @Test(arguments: ["{}", "[]", #"{"jsonrpc":"2.0","id":null,"result":1}"#, #"{"id":1,"error":{"code":"x"}}"#])
    func `that are none of these are not guessed at`(line: String) {
        #expect(ServerMessage(line: Array(line.utf8)) == nil)
    }
}
