import Foundation
import Testing
import Transformer

@Suite struct `Tuning methods as JSON` {
    struct Form: Sendable {
        let method: TuningMethod
        let json: String

        static let all = [
            Form(method: .head, json: #"{"name":"head"}"#),
            Form(method: .bias, json: #"{"name":"bias"}"#),
            Form(method: .full, json: #"{"name":"full"}"#),
            Form(method: .topLayers(3), json: #"{"layers":3,"name":"top-layers"}"#),
            Form(
                method: .lora(LowRankPlan(rank: 4, alpha: 2.5, targets: ["query", "output.dense"])),
                json: #"{"adapter":{"alpha":2.5,"rank":4,"targets":["query","output.dense"]},"name":"lora"}"#),
        ]
    }

    @Test(arguments: Form.all) func `are what manifests have`(form: Form) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(form.method), as: UTF8.self) == form.json)
        #expect(try JSONDecoder().decode(TuningMethod.self, from: Data(form.json.utf8)) == form.method)
    }

    @Test func `have the names of the wire`() {
        #expect(TuningMethod.Name.allCases.map(\.rawValue).sorted() == ["bias", "full", "head", "lora", "top-layers"])
        #expect(Form.all.map(\.method.name.rawValue).sorted() == TuningMethod.Name.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: [
        "{}", #""lora""#, #"{"name":"LoRA"}"#, #"{"name":"lora"}"#, #"{"name":"top-layers"}"#,
        #"{"name":"top-layers","layers":0}"#, #"{"name":"top-layers","layers":-9223372036854775808}"#,
        #"{"name":"top-layers","layers":1.5}"#, #"{"name":"lora","adapter":{"rank":0,"alpha":1,"targets":[]}}"#,
        #"{"name":"lora","adapter":{"rank":-8,"alpha":1,"targets":[]}}"#,
        #"{"name":"lora","adapter":{"rank":4611686018427387904,"alpha":1,"targets":[]}}"#,
        #"{"name":"lora","adapter":{"rank":8,"targets":[]}}"#,
        #"{"name":"lora","adapter":{"rank":8,"alpha":1}}"#,
        #"{"name":"lora","adapter":{"rank":8,"alpha":1e400,"targets":[]}}"#,
    ])
    func `are refused where they are none`(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TuningMethod.self, from: Data(json.utf8))
        }
    }
}
