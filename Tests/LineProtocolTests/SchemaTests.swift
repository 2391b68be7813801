import LineProtocol
import TestSupport
import Testing

@Suite struct `Schemas` {
    private let schemas: MessageSchemas

    init() throws { schemas = try MessageSchemas() }

    @Test func `there is one for the parameters and the result of every method`() throws {
        let names = Set(try ProtocolFolder.schemas().keys)
        for method in Method.allCases.map({ $0.rawValue.replacing("/", with: "-") }) + ["cancelRequest"] {
            #expect(names.contains(method + ".params"))
            #expect(names.contains(method + ".result"))
        }
        #expect(names.count == 2 * (Method.allCases.count + 1) + 5)
    }

    @Test(arguments: `Calls that are sent`.calls) func `describe the parameters that are sent`(call: Call) throws {
        let request = try Request(line: Array(try call.line(id: .integer(1), progressToken: .string("t")).dropLast()))
        var parameters = request.parameters
        parameters["progressToken"] = "t"
        try schemas.checkParameters(.object(parameters), of: request.method)
    }

    /// What the schema of a method refuses the decoder must refuse too, and the other way round.
    @Test(arguments: [
        ("predict", #"{}"#), ("predict", #"{"input":"x","inputs":["x"]}"#), ("predict", #"{"inputs":[]}"#),
        ("predict", #"{"input":7}"#), ("predict", #"{"input":{"textPair":"x"}}"#),
        ("predict", #"{"input":"x","topK":0}"#),
        ("predict", #"{"input":"x","topK":1.5}"#), ("predict", #"{"input":"x","inputt":"x"}"#),
        ("embed", #"{"input":"x","topK":1}"#), ("status", #"{"verbose":true}"#),
        ("corrections/submit", #"{"input":"x"}"#), ("corrections/submit", #"{"input":"x","label":""}"#),
        ("corrections/submit", #"{"input":"x","label":"a","weight":0}"#),
        ("corrections/submit", #"{"input":"x","label":"a","weight":101}"#),
        ("corrections/submit", #"{"input":"x","label":"a","wait":"soon"}"#), ("corrections/get", #"{"sequence":0}"#),
        ("corrections/list", #"{"limit":1001}"#), ("corrections/list", #"{"state":"new"}"#),
        ("corrections/retract", #"{"sequence":1,"purge":1}"#), ("corrections/release", #"{}"#),
        ("corrections/release", #"{"state":"learnt"}"#), ("corrections/release", #"{"sequence":1,"state":"withheld"}"#),
        ("tuning/start", #"{"method":"LoRA"}"#), ("revisions/get", #"{"revision":-1}"#),
        ("revisions/activate", #"{"expectedCurrent":1}"#), ("revisions/pin", #"{"revision":1}"#),
        ("evaluate", #"{"examples":[]}"#), ("evaluate", #"{"examples":[{"input":"x"}]}"#),
        ("status", #"{"progressToken":[]}"#),
    ])
    func `refuse what the decoder refuses`(method: String, parameters: String) throws {
        let value = try JSONValue(parsing: Array(parameters.utf8))
        guard case .object(let object) = value else { return #expect(Bool(false), "not an object") }
        #expect(throws: ProtocolError.self) { try Call(method: method, parameters: object) }
        #expect(throws: SchemaValidator.Violation.self) { try schemas.checkParameters(value, of: method) }
    }
}
