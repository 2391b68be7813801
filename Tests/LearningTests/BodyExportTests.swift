import Foundation
import Inference
import Learning
import Safetensors
import Storage
import Testing
import Transformer
import Tuning

@Suite struct `Exported revisions` {
    private static let lora = TuningMethod.lora(LowRankPlan(rank: 4, alpha: 8))

    /// The methods of bursts that lead to a body, and whether it is exported with what is beside it merged.
    private static let cases: [(methods: [TuningMethod], isMerged: Bool)] =
        [[], [.bias], [.full], [lora], [.full, lora], [.bias, lora]].flatMap { [($0, true), ($0, false)] }

    @Test(arguments: cases, BodyModel.Form.allCases)
    func `stand alone`(setting: (methods: [TuningMethod], isMerged: Bool), form: BodyModel.Form) async throws {
        let model = try BodyModel(form)
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        var body = LoadedBody.base(base)
        var source = ""
        if setting.methods.isEmpty { source = try await store.publish(.base, method: "head").directory }
        for method in setting.methods {
            let tuned = try tune(body, method, base)
            let published = try await store.publish(tuned.draft(from: body, base: base), method: method.name.rawValue)
            (body, source) = (published.loaded, published.directory)
        }
        // The store is open all the while, as it is where a daemon runs.
        let target = store.path("exported")
        try RevisionExport(revision: source, model: model.path).write(to: target, isMerged: setting.isMerged)
        let files = FileManager.default
        for name in ["config.json", "tokenizer.json", "model.safetensors", "head.safetensors", "revision.json"] {
            #expect(files.fileExists(atPath: "\(target)/\(name)"), "\(name)")
        }
        #expect(files.fileExists(atPath: "\(target)/1_Pooling/config.json") == (form == .encoder))
        #expect(!files.fileExists(atPath: "\(target)/delta.safetensors"))
        #expect(!files.fileExists(atPath: "\(store.folder.path(percentEncoded: false))/.exported.partial"))
        let exported = try TextModel(directory: target)
        let hasAdapter = body.adapter != nil && !setting.isMerged
        #expect(files.fileExists(atPath: "\(target)/adapter_model.safetensors") == hasAdapter)
        #expect(files.fileExists(atPath: "\(target)/adapter_config.json") == hasAdapter)
        guard hasAdapter else {
            #expect(featureBits(exported.encoder) == featureBits(body.body.encoder))
            return
        }
        let adapter = try LowRankAdapter.read(
            directory: target, for: exported.encoder.parameters, configuration: exported.configuration)
        let merged = adapter.merged(into: exported.encoder.parameters, configuration: exported.configuration)
        let encoder = TextEncoder(merged, configuration: exported.configuration, plan: exported.encoder.plan)
        #expect(featureBits(encoder) == featureBits(body.body.encoder))
    }

    @Test func `are not made where something is, or of what is damaged, or of another model`() async throws {
        let model = try BodyModel()
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let tuned = try tune(.base(base), .bias, base)
        let source = try await store.publish(tuned.draft(from: .base(base), base: base), method: "bias").directory
        let export = try RevisionExport(revision: source, model: model.path)
        #expect(throws: StorageError.self) { try export.write(to: store.folder.path, isMerged: true) }

        let other = try BodyModel(.classifier)
        let error = #expect(throws: StorageError.self) {
            _ = try RevisionExport(revision: source, model: other.path)
        }
        #expect(error?.code == .otherModel)

        let copy = store.path("copy")
        try FileManager.default.copyItem(atPath: source, toPath: copy)
        let path = "\(copy)/delta.safetensors"
        var data = try Data(contentsOf: URL(filePath: path))
        data[data.count - 1] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try data.write(to: URL(filePath: path))
        let damage = #expect(throws: StorageError.self) { _ = try RevisionExport(revision: copy, model: model.path) }
        #expect(damage?.text.contains("delta.safetensors") == true)
    }
}
