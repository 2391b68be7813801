import LineProtocol
import Testing

private func call(_ method: String, _ parameters: String) throws(ProtocolError) -> Call {
    guard case .object(let object) = try JSONValue(parsing: Array(parameters.utf8)) else { return .status }
    return try Call(method: method, parameters: object)
}

private func refused(_ method: String, _ parameters: String) -> ProtocolError? {
    do {
        _ = try call(method, parameters)
        return nil
    } catch {
        return error
    }
}

@Suite struct `Parameters are read by name` {
    @Test(arguments: [
        (
            "predict", #"{"inputt":"x"}"#,
            "unknown parameter 'inputt' of predict; it takes input, inputs, topK, revision"
        ),
        ("predict", #"{}"#, "missing parameter 'input' (or 'inputs') of predict"),
        ("predict", #"{"input":"x","inputs":["x"]}"#, "predict takes either 'input' or 'inputs', not both"),
        ("predict", #"{"inputs":[]}"#, "'inputs' must not be empty"),
        ("predict", #"{"inputs":"x"}"#, "'inputs' must be an array, not a string"),
        (
            "predict", #"{"inputs":["x",7]}"#,
            "'inputs[1]' must be a string or an object {text, textPair}, not an integer"
        ),
        ("predict", #"{"input":{"text":1}}"#, "'input.text' must be a string, not an integer"),
        ("predict", #"{"input":{"textPair":"x"}}"#, "missing parameter 'input.text' of input"),
        (
            "predict", #"{"input":{"text":"a","image":"b"}}"#,
            "unknown parameter 'image' of input; it takes text, textPair"
        ),
        ("predict", #"{"input":"x","topK":1.0}"#, "'topK' must be an integer, not a number"),
        ("predict", #"{"input":"x","topK":99999999999999999999}"#, "'topK' must be an integer, not a number"),
        ("predict", #"{"input":"x","topK":0}"#, "'topK' must be at least 1, not 0"),
        ("predict", #"{"input":"x","topK":null}"#, "'topK' must be an integer, not null"),
        ("predict", #"{"input":"x","revision":-1}"#, "'revision' must be at least 0, not -1"),
        (
            "predict", #"{"input":"x","progressToken":[]}"#,
            "'progressToken' must be a string or an integer, not an array"
        ),
        ("embed", #"{"input":"x","topK":1}"#, "unknown parameter 'topK' of embed; it takes input, inputs"),
        ("status", #"{"verbose":true}"#, "unknown parameter 'verbose' of status; it takes no parameters"),
        ("corrections/submit", #"{"input":"x"}"#, "missing parameter 'label' of corrections/submit"),
        ("corrections/submit", #"{"input":"x","label":""}"#, "'label' must not be empty"),
        ("corrections/submit", #"{"input":"x","label":"a\nb"}"#, "'label' must not hold control characters"),
        ("corrections/submit", #"{"input":"x","label":3}"#, "'label' must be a string, not an integer"),
        (
            "corrections/submit", #"{"input":"x","label":"a","weight":0}"#,
            "'weight' must be above 0 and at most 100.0, not 0.0"
        ),
        ("corrections/submit", #"{"input":"x","label":"a","weight":"1"}"#, "'weight' must be a number, not a string"),
        (
            "corrections/submit", #"{"input":"x","label":"a","wait":"soon"}"#,
            "'wait' must be one of 'journaled', 'published', not 'soon'"
        ),
        ("corrections/get", #"{"sequence":0}"#, "'sequence' must be at least 1, not 0"),
        ("corrections/list", #"{"limit":1001}"#, "'limit' must be from 1 to 1000, not 1001"),
        ("corrections/list", #"{"cursor":"07"}"#, "'cursor' is not one that a reply gave"),
        ("corrections/retract", #"{"sequence":1,"purge":1}"#, "'purge' must be a boolean, not an integer"),
        ("corrections/release", "{}", "missing parameter 'sequence' (or 'state') of corrections/release"),
        (
            "corrections/release", #"{"sequence":1,"state":"withheld"}"#,
            "corrections/release takes either 'sequence' or 'state', not both"
        ),
        (
            "corrections/release", #"{"state":"learnt"}"#,
            "'state' must be one of 'withheld', 'quarantined', 'rejected', not 'learnt'"
        ),
        (
            "tuning/start", #"{"method":"LoRA"}"#,
            "'method' must be one of 'head', 'bias', 'lora', 'full', 'top-layers', not 'LoRA'"
        ),
        ("tuning/start", #"{"seed":-1}"#, "'seed' must be from 0 to 9007199254740991, not -1"),
        ("revisions/get", "{}", "missing parameter 'revision' of revisions/get"),
        ("revisions/activate", #"{"revision":"1"}"#, "'revision' must be an integer, not a string"),
        ("revisions/pin", #"{"revision":1}"#, "missing parameter 'pinned' of revisions/pin"),
        ("evaluate", #"{"examples":[]}"#, "'examples' must not be empty"),
        ("evaluate", #"{"examples":[7]}"#, "'examples[0]' must be an object, not an integer"),
        ("evaluate", #"{"examples":[{"input":"x"}]}"#, "missing parameter 'examples[0].label' of examples[0]"),
        (
            "evaluate", #"{"examples":[{"input":"x","label":"a"},{"input":"x","label":"a","slice":7}]}"#,
            "'examples[1].slice' must be a string, not an integer"
        ),
    ])
    func `and what is wrong is named`(method: String, parameters: String, message: String) throws {
        let refusal = try #require(refused(method, parameters))
        #expect(refusal.code == .invalidParameters)
        #expect(refusal.message == message)
    }

    @Test func `unknown methods are named`() throws {
        let refusal = try #require(refused("predictt", "{}"))
        #expect(refusal.code == .methodNotFound)
        #expect(refusal.message == "there is no method 'predictt'")
    }

    @Test func `names that a client chose are cut and cleaned in messages`() throws {
        let refusal = try #require(refused(String(repeating: "x", count: 5000) + "\u{1B}[2J", "{}"))
        #expect(refusal.message.count < 100)
        #expect(try #require(self.refusalOfControl()).message == "there is no method 'a\u{FFFD}b'")
    }

    private func refusalOfControl() -> ProtocolError? { refused("a\u{1B}b", "{}") }

    @Test func `too many inputs and too long names are refused`() throws {
        let inputs = Array(repeating: "\"\"", count: Limits.inputs + 1).joined(separator: ",")
        #expect(refused("predict", "{\"inputs\":[\(inputs)]}")?.reason == "outOfRange")
        let name = String(repeating: "é", count: Limits.nameBytes / 2)
        #expect(refused("corrections/submit", "{\"input\":\"x\",\"label\":\"\(name)\"}") == nil)
        #expect(refused("corrections/submit", "{\"input\":\"x\",\"label\":\"\(name)x\"}")?.reason == "outOfRange")
    }
}

@Suite struct `Calls that are sent` {
    static let calls: [Call] = [
        .discover, .status, .metrics, .listRevisions, .tuningStatus, .cancelTuning, .reloadConfiguration,
        .snapshotState,
        .predict(PredictParameters(.one("a\"b\u{1}😀"))),
        .predict(PredictParameters(.many(["a", Input("b", textPair: "c")]), topK: 2, revision: 0)),
        .embed(EmbedParameters(.one(Input("a", textPair: "")))), .embed(EmbedParameters(.many(["", "x"]))),
        .submitCorrection(SubmitParameters("a", label: "b")),
        .submitCorrection(
            SubmitParameters(
                Input("a", textPair: "c"),
                label: "b",
                idempotencyKey: "k",
                predicted: "p",
                slice: "s",
                weight: 0.25,
                wait: .published
            )
        ),
        .getCorrection(sequence: .max), .listCorrections(ListCorrectionsParameters()),
        .listCorrections(ListCorrectionsParameters(state: .learnt, cursor: Cursor(after: 12), limit: 5)),
        .retractCorrection(RetractParameters(sequence: 3, purge: true)), .releaseCorrections(.sequence(4)),
        .releaseCorrections(.state(.quarantined)), .startTuning(StartTuningParameters()),
        .startTuning(StartTuningParameters(method: .topLayers, seed: 7, wait: .finished)), .getRevision(0),
        .activateRevision(ActivateParameters(revision: 3, expectedCurrent: 2)),
        .pinRevision(PinParameters(revision: 1, pinned: false)),
        .evaluate(
            EvaluateParameters(
                [.init("a", label: "b"), .init(Input("c", textPair: "d"), label: "e", slice: "f")],
                revision: 9
            )
        ),
    ]

    @Test(arguments: calls) func `are understood as they were meant`(call: Call) throws {
        for token in [nil, RequestID.string("t"), .integer(5)] {
            let line = try call.line(id: .string("id"), progressToken: token)
            #expect(line.last == 0x0A)
            let request = try Request(line: Array(line.dropLast()))
            #expect(request.id == .string("id"))
            #expect(request.progressToken == token)
            #expect(try Call(method: request.method, parameters: request.parameters) == call)
        }
    }

    @Test func `cover every method`() {
        #expect(Set(Self.calls.map(\.method)) == Set(Method.allCases))
    }

    @Test func `need the roles that the protocol says`() {
        let admin = Method.allCases.filter { $0.role == .admin }.map(\.rawValue)
        let predict = Method.allCases.filter { $0.role == .predict }.map(\.rawValue)
        #expect(
            admin == [
                "corrections/release", "tuning/start", "revisions/activate", "revisions/pin", "configuration/reload",
                "state/snapshot",
            ]
        )
        #expect(
            predict == [
                "server/discover", "predict", "embed", "revisions/list", "revisions/get", "status", "metrics",
            ]
        )
    }
}
