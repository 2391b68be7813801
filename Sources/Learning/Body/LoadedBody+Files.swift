import Foundation
package import Storage
import Tensors
import Transformer

extension LoadedBody {
    /// The names of what makes an adapter.
    static let adapterFiles: Set<String> = [LowRankPlan.fileName, LowRankAdapter.fileName]

    /// Whether the revision that the state in `directory` served last has a body of its own, by the names of its files.
    ///
    /// A hint for what to load before the state can be opened; it may be wrong.
    package static func isTuned(in directory: String) -> Bool {
        StateStore.filesServed(in: directory).contains { $0 != HeadFile.name && $0 != RevisionManifest.fileName }
    }

    /// What `RevisionDraft.body` gets for this body, made by a burst on `parent`.
    ///
    /// Files that `parent` has already become hard links.
    /// - Throws: `ModelError` if the base model's directory cannot be read.
    package func draft(from parent: LoadedBody, base: LearningBase) throws -> RevisionDraft.Body {
        switch kind {
        case .base: .base
        case .bias: .new([delta(base)])
        case .dense:
            if parent.hasModelDirectory {
                .over(
                    parent.number, dropping: parent.adapter == nil ? [] : Self.adapterFiles,
                    [base.checkpoint(foundation)])
            } else {
                .new(try base.modelDirectory(foundation))
            }
        case .lora:
            if isOnBase {
                .new(adapterFiles(base))
            } else if parent.hasModelDirectory && parent.adapter.map({ $0.plan == adapter?.plan }) ?? true {
                // What the adapter is added to is what `parent` has, with an adapter or without.
                .over(parent.number, adapterFiles(base))
            } else {
                .new(try base.modelDirectory(foundation) + adapterFiles(base))
            }
        }
    }

    /// Reads the body of the revision that `manifest` describes, whose verified files are in `directory`.
    ///
    /// - Throws: `StorageError` with `corrupt`, which names the file and the tensor that do not fit the base model.
    package static func load(
        _ manifest: RevisionManifest, directory: String, base: LearningBase
    ) throws(StorageError) -> LoadedBody {
        guard manifest.body != 0 else { return .base(base) }
        let files = Set(manifest.files.filter(\.value.isBody).keys)
        do throws(ModelError) {
            if files == [BodyParameters.deltaFileName] {
                let parameters = try base.parameters.applyingDelta(
                    directory: directory, configuration: base.configuration, namePrefix: base.namePrefix)
                return dense(parameters, .bias, manifest, base)
            }
            let isOnBase = !files.contains(BodyParameters.checkpointFileName)
            let hasAdapter = !files.isDisjoint(with: adapterFiles)
            guard hasAdapter || !isOnBase, !files.contains(BodyParameters.deltaFileName) else {
                throw ModelError(
                    .malformed,
                    "\(directory)/\(RevisionManifest.fileName): these files make no body: \(files.sorted())")
            }
            let foundation =
                try isOnBase
                ? base.parameters
                : BodyParameters(
                    checkpointIn: directory, configuration: base.configuration, namePrefix: base.namePrefix,
                    withPooler: base.parameters.pooler != nil)
            guard hasAdapter else { return dense(foundation, .dense, manifest, base) }
            let adapter = try LowRankAdapter.read(
                directory: directory, for: foundation, configuration: base.configuration)
            return LoadedBody(
                number: manifest.body, body: base.body(foundation, adapter: adapter), kind: .lora, isOnBase: isOnBase)
        } catch {
            throw StorageError(.corrupt, error.description)
        }
    }

    private static func dense(
        _ parameters: BodyParameters, _ kind: BodyKind, _ manifest: RevisionManifest, _ base: LearningBase
    ) -> LoadedBody {
        LoadedBody(number: manifest.body, body: base.body(parameters), kind: kind, isOnBase: false)
    }

    /// Whether a revision with this body holds a whole model directory.
    private var hasModelDirectory: Bool { kind == .dense || kind == .lora && !isOnBase }

    private func delta(_ base: LearningBase) -> RevisionFile {
        let bytes = foundation.serializedDelta(
            from: base.parameters, configuration: base.configuration, namePrefix: base.namePrefix)
        return RevisionFile(name: BodyParameters.deltaFileName, content: .bytes(bytes))
    }

    /// A PEFT directory's files.
    private func adapterFiles(_ base: LearningBase) -> [RevisionFile] {
        guard let adapter else { return [] }
        let configuration = adapter.plan.serialized(
            baseModel: isOnBase ? base.directory : nil,
            // With a classifier around the encoder the names are those of a model for that task, not of an encoder.
            taskType: base.namePrefix.isEmpty ? "FEATURE_EXTRACTION" : nil)
        return [
            RevisionFile(name: LowRankPlan.fileName, content: .bytes(configuration)),
            RevisionFile(
                name: LowRankAdapter.fileName, content: .bytes(adapter.serialized(namePrefix: base.namePrefix))),
        ]
    }

}

extension LearningBase {
    /// `parameters` as a checkpoint, made when it is written: it is large.
    func checkpoint(_ parameters: BodyParameters) -> RevisionFile {
        RevisionFile(
            name: BodyParameters.checkpointFileName,
            content: .writer { path in
                let bytes = try parameters.serializedCheckpoint(
                    like: directory, configuration: configuration, namePrefix: namePrefix)
                try bytes.write(to: URL(filePath: path))
            })
    }

    /// A whole model directory with the weights `parameters`.
    func modelDirectory(_ parameters: BodyParameters) throws -> [RevisionFile] {
        [checkpoint(parameters)]
            + (try ModelCompanions.read(directory)).map { RevisionFile(name: $0.name, content: .bytes($0.data)) }
    }
}
