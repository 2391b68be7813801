import Foundation
import Inference
import Learning
import Logging
import Safetensors
import Storage
import Testing
import Transformer
import Tuning

@Suite struct `Bodies that do not fit` {
    private static let lora = TuningMethod.lora(LowRankPlan(rank: 4, alpha: 8))

    /// A way to make a file of a body wrong.
    struct Damage: Sendable, CustomStringConvertible {
        let description: String
        let method: TuningMethod
        let file: String
        /// What the error must name besides the file.
        let named: [String]
        let change: @Sendable (inout Tensors) -> Void
    }

    /// Tensors with the metadata of their file.
    struct Tensors: Sendable {
        var all: [String: (shape: [Int], values: [Float])]
        var metadata: [String: String]
    }

    private static let query = "encoder.layer.1.attention.self.query"

    private static let damages: [Damage] =
        [
            ("model.safetensors", .full, "\(query).weight"),
            ("delta.safetensors", .bias, "\(query).bias"),
            ("adapter_model.safetensors", lora, "base_model.model.\(query).lora_A.weight"),
        ].flatMap { file, method, tensor in
            [
                Damage(
                    description: "\(file) with a tensor of another shape", method: method, file: file, named: [tensor]
                ) {
                    $0.all[tensor] = ([7], [Float](repeating: 1, count: 7))
                },
                Damage(description: "\(file) with a tensor not finite", method: method, file: file, named: [tensor]) {
                    $0.all[tensor]?.values[3] = .nan
                },
                Damage(description: "\(file) with one too many", method: method, file: file, named: ["encoder.extra"]) {
                    $0.all["encoder.extra"] = ([1], [1])
                },
            ]
        } + [
            Damage(
                description: "a missing tensor", method: .full, file: "model.safetensors", named: ["\(query).weight"]
            ) {
                $0.all["\(query).weight"] = nil
            },
            Damage(
                description: "a missing factor", method: lora, file: "adapter_model.safetensors",
                named: ["base_model.model.\(query).lora_A.weight"]
            ) {
                $0.all["base_model.model.\(query).lora_A.weight"] = nil
            },
            Damage(
                description: "a weight in a delta", method: .bias, file: "delta.safetensors", named: ["\(query).weight"]
            ) {
                $0.all["\(query).weight"] = ([24, 24], [Float](repeating: 0, count: 576))
            },
            Damage(
                description: "a delta of another format", method: .bias, file: "delta.safetensors",
                named: ["format", "attuned-bias-2"]
            ) {
                $0.metadata["format"] = "attuned-bias-2"
            },
        ]

    /// A revision of `method`, in a copy that a test can change.
    private func revision(
        _ method: TuningMethod, _ store: BodyStore
    ) async throws -> (manifest: RevisionManifest, directory: String) {
        let base = store.base
        let tuned = try tune(.base(base), method, base)
        let (_, manifest, directory) = try await store.publish(
            tuned.draft(from: .base(base), base: base), method: method.name.rawValue)
        let copy = store.path("copy")
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        return (manifest, copy)
    }

    /// Loads the revision, and checks that the error names all of `names`.
    private func expectFault(
        _ manifest: RevisionManifest, _ directory: String, _ base: LearningBase, naming names: [String]
    ) {
        let error = #expect(throws: StorageError.self) {
            _ = try LoadedBody.load(manifest, directory: directory, base: base)
        }
        #expect(error?.code == .corrupt)
        for name in names { #expect(error?.text.contains(name) == true, "\(error?.text ?? "") must name \(name)") }
    }

    @Test(arguments: damages)
    func `are refused by file and tensor`(damage: Damage) async throws {
        let model = try BodyModel()
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let (manifest, directory) = try await revision(damage.method, store)
        let path = "\(directory)/\(damage.file)"
        let file = try SafetensorsFile(path: path)
        let all = file.entries.mapValues { (shape: $0.shape, values: file.floats(of: $0) ?? []) }
        var damaged = Tensors(all: all, metadata: file.metadata)
        damage.change(&damaged)
        let bytes = SafetensorsWriter.serialize(
            damaged.all.map { (name: $0.key, shape: $0.value.shape, values: $0.value.values) },
            metadata: damaged.metadata)
        try FileManager.default.removeItem(atPath: path)
        try bytes.write(to: URL(filePath: path))
        expectFault(manifest, directory, base, naming: [path] + damage.named)
    }

    @Test(arguments: [
        ("model.safetensors", TuningMethod.full), ("delta.safetensors", .bias), ("adapter_model.safetensors", lora),
        ("adapter_config.json", lora),
    ])
    func `are refused where a file is cut short or missing`(file: String, method: TuningMethod) async throws {
        let model = try BodyModel()
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let (manifest, directory) = try await revision(method, store)
        let path = "\(directory)/\(file)"
        let data = try Data(contentsOf: URL(filePath: path))
        try FileManager.default.removeItem(atPath: path)
        expectFault(manifest, directory, base, naming: [path])
        try data.dropLast(5).write(to: URL(filePath: path))
        expectFault(manifest, directory, base, naming: [path])
    }
}

@Suite struct `A serving revision that is damaged` {
    private func flip(_ store: BodyStore, revision: Int, _ name: String) async throws {
        let path = try await store.store.verifiedDirectory(of: revision) + "/\(name)"
        var data = try Data(contentsOf: URL(filePath: path))
        data[data.count / 2] ^= 4
        // Files are shared with other revisions by links: another file takes the place of this one alone.
        try FileManager.default.removeItem(atPath: path)
        try data.write(to: URL(filePath: path))
    }

    @Test func `is never served: the nearest sound one that it was made from is, or the base model`() async throws {
        let model = try BodyModel()
        let base = try model.base()
        let store = try BodyStore(base, of: model)
        let draft = try tune(.base(base), .bias, base).draft(from: .base(base), base: base)
        let first = try await store.publish(draft, method: "bias").manifest.revision
        for _ in 0..<2 { _ = try await store.publish(.sameAs(first), method: "head") }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        for (damaged, file, next) in [(3, "head.safetensors", 2), (2, "revision.json", 1), (1, "delta.safetensors", 0)]
        {
            let before = try await LoadedRevision.loadServing(from: store.store, base: base, logger: logger)
            #expect(before.serving.number == damaged)
            try await flip(store, revision: damaged, file)
            let after = try await LoadedRevision.loadServing(from: store.store, base: base, logger: logger)
            #expect(after.serving.number == next)
            #expect(store.store.serving == next)
            #expect(try await store.store.revisions().map(\.number).contains(damaged) == false)
        }
        await store.store.close()
    }
}
