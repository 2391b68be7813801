import Foundation
package import Storage
import Transformer

/// Writes a revision as a directory that stands alone and that Hugging Face tools load.
package struct RevisionExport {
    package let manifest: RevisionManifest
    /// The revision's directory, every file checked.
    private let source: String
    /// The base model's directory.
    private let model: String

    /// Of the revision whose directory is `source`, made from the model directory `model`.
    ///
    /// Revisions never change, so a daemon may be running on the same state.
    /// - Throws: `StorageError` naming the file that is missing or damaged, or with `otherModel`.
    package init(revision source: String, model: String) throws {
        let path = "\(source)/\(RevisionManifest.fileName)"
        manifest = try RevisionManifest(text: String(contentsOfFile: path, encoding: .utf8), path: path)
        guard try BaseModelIdentity(name: "", directory: model).digest == manifest.baseModel.digest else {
            throw StorageError(
                .otherModel,
                "revision \(manifest.revision) was made from another model ('\(manifest.baseModel.name)') than \(model)"
            )
        }
        for (name, file) in manifest.files.sorted(by: { $0.key < $1.key }) {
            let path = "\(source)/\(name)"
            let data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
            guard data.count == file.size, ContentDigest(of: data) == file.sha256 else {
                throw StorageError(.corrupt, "\(path) is damaged: its size or SHA-256 is not the manifest's")
            }
        }
        self.source = source
        self.model = model
    }

    /// Makes `directory`, which must not exist yet.
    ///
    /// - Parameter isMerged: whether an adapter is added to the weights rather than put beside them.
    package func write(to directory: String, isMerged: Bool) throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: directory) else {
            throw StorageError(.invalid, "\(directory) exists already")
        }
        let target = URL(filePath: directory).standardizedFileURL
        let partial = target.deletingLastPathComponent().appending(path: ".\(target.lastPathComponent).partial")
        try? files.removeItem(at: partial)
        do {
            try writeBody(to: partial, isMerged: isMerged)
            for (name, file) in manifest.files where !file.isBody { try copy(name, to: partial) }
            try copy(RevisionManifest.fileName, to: partial)
            try files.moveItem(at: partial, to: target)
        } catch {
            try? files.removeItem(at: partial)
            throw error
        }
    }

    private func writeBody(to target: URL, isMerged: Bool) throws {
        let ofBody = manifest.files.filter(\.value.isBody).keys
        guard manifest.body != 0 else { return try copyDirectory(URL(filePath: model), to: target) }
        let hasAdapter = ofBody.contains(LowRankAdapter.fileName)
        let hasCheckpoint = ofBody.contains(BodyParameters.checkpointFileName)
        if hasAdapter ? isMerged : !hasCheckpoint {
            // What is not a model directory yet: an adapter to be merged, or a delta, which no other tool can read.
            let base = LearningBase(
                directory: model, digest: manifest.baseModel.digest, model: try TextModel(directory: model),
                kernels: manifest.kernelPath)
            let body = try LoadedBody.load(manifest, directory: source, base: base)
            for file in try base.modelDirectory(body.mergedParameters()) { try write(file, in: target) }
            return
        }
        if !hasCheckpoint { try copyDirectory(URL(filePath: model), to: target) }
        for name in ofBody { try copy(name, to: target) }
    }

    private func write(_ file: RevisionFile, in directory: URL) throws {
        let path = directory.appending(path: file.name)
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        switch file.content {
        case .bytes(let data): try data.write(to: path)
        case .writer(let writer): try writer(path.path(percentEncoded: false))
        }
    }

    /// Copies a file of the revision, in place of one of that name; who may read it is for the directory to say.
    private func copy(_ name: String, to directory: URL) throws {
        let files = FileManager.default
        let path = directory.appending(path: name)
        try files.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? files.removeItem(at: path)
        try files.copyItem(at: URL(filePath: "\(source)/\(name)"), to: path)
        try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path.path(percentEncoded: false))
    }

    /// Copies a directory with what its links lead to, so that the copy does not hang on where the model lies.
    private func copyDirectory(_ source: URL, to target: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: target, withIntermediateDirectories: true)
        for entry in try files.contentsOfDirectory(
            at: source.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)
        {
            let real = entry.resolvingSymlinksInPath()
            let copied = target.appending(path: entry.lastPathComponent)
            if try real.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true {
                try copyDirectory(real, to: copied)
            } else {
                try files.copyItem(at: real, to: copied)
            }
        }
    }
}
