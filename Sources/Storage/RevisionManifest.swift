package import Foundation

/// Which pretrained model a state was made from.
package struct BaseModelIdentity: Codable, Equatable, Sendable {
    package let name: String
    /// The digest of all that decides its outputs.
    package let digest: String

    package init(name: String, digest: String) {
        self.name = name
        self.digest = digest
    }
}

/// revision.json: where a revision comes from, and what its files must be.
package struct RevisionManifest: Codable, Equatable, Sendable {
    /// One file beside the manifest.
    package struct File: Codable, Equatable, Sendable {
        package let size: Int
        package let sha256: ContentDigest
        /// Whether it is part of the body, which later revisions may share.
        package let isBody: Bool
    }

    /// What the revision was made from.
    package struct Corrections: Codable, Equatable, Sendable {
        /// What the head has learnt.
        package let head: CorrectionSet
        /// What the body has learnt.
        package let body: CorrectionSet
        /// What judged the body, which never trained on it.
        package let holdout: CorrectionSet
        /// All that left a trace: these three, and what was used on the way to them.
        package let seen: SequenceSet

        /// `seen` may leave out what is in the other sets, which count anyway.
        init(head: CorrectionSet, body: CorrectionSet, holdout: CorrectionSet, seen: SequenceSet) {
            self.head = head
            self.body = body
            self.holdout = holdout
            self.seen = seen.union(head.sequences).union(body.sequences).union(holdout.sequences)
        }
    }

    package static let fileName = "revision.json"
    static let currentFormat = 2

    package let format: Int
    package let revision: Int
    /// The revision it was made from; 0 is the base model.
    package let parent: Int
    /// The revision that brought the body; 0 is the base model's own.
    package let body: Int
    package let baseModel: BaseModelIdentity
    package let method: String
    package let seed: UInt64?
    package let hyperparameters: JSONValue
    /// Steps as run.
    package let steps: Int?
    package let corrections: Corrections
    /// The head's labels in the order of its rows.
    package let labels: [String]
    package let guardReport: JSONValue?
    package let metrics: JSONValue?
    /// The kernels it was computed with: on others the last bits may differ.
    package let kernelPath: String
    /// ISO 8601, UTC.
    package let created: String
    package let files: [String: File]

    /// The file's text: equal manifests have equal text.
    package func serialize() throws(StorageError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        } catch {
            throw StorageError(.invalid, "the manifest cannot be written: \(error)")
        }
    }

    /// Reads a manifest's text.
    ///
    /// - Throws: `StorageError` with `corrupt`, or `newerFormat`.
    package init(text: String, path: String) throws(StorageError) {
        struct Format: Decodable {
            let format: Int
        }
        let data = Data(text.utf8)
        do {
            let format = try JSONDecoder().decode(Format.self, from: data).format
            guard format <= Self.currentFormat else {
                throw StorageError(
                    .newerFormat, "\(path) has format \(format); this version reads up to \(Self.currentFormat)")
            }
            self = try JSONDecoder().decode(RevisionManifest.self, from: data)
            if let name = files.keys.first(where: { !RevisionFile.isPlain($0) }) {
                throw StorageError(.corrupt, "\(path) lists '\(name)', which is no file of a revision")
            }
        } catch let error as StorageError {
            throw error
        } catch {
            throw StorageError(.corrupt, "\(path) is not a revision's manifest: \(error)")
        }
    }
}

extension RevisionManifest.Corrections {
    private enum CodingKeys: String, CodingKey {
        case head, body, holdout, seen
    }

    /// Manifests of format 1 have no `seen`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            head: try container.decode(CorrectionSet.self, forKey: .head),
            body: try container.decode(CorrectionSet.self, forKey: .body),
            holdout: try container.decode(CorrectionSet.self, forKey: .holdout),
            seen: try container.decodeIfPresent(SequenceSet.self, forKey: .seen) ?? SequenceSet())
    }
}

extension RevisionManifest {
    init(
        _ draft: RevisionDraft, revision: Int, body: Int, base: BaseModelIdentity, created: Date, files: [String: File]
    ) {
        format = Self.currentFormat
        self.revision = revision
        parent = draft.parent
        self.body = body
        baseModel = base
        method = draft.method
        seed = draft.seed
        hyperparameters = draft.hyperparameters
        steps = draft.steps
        corrections = Corrections(head: draft.head, body: draft.bodySet, holdout: draft.holdout, seen: draft.seen)
        labels = draft.labels
        guardReport = draft.guardReport
        metrics = draft.metrics
        kernelPath = draft.kernelPath
        self.created = created.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        self.files = files
    }
}

/// A revision that is kept.
package struct RevisionRecord: Equatable, Sendable {
    package let manifest: RevisionManifest
    package let created: Date
    package let isPinned: Bool
    package let isServing: Bool

    package var number: Int { manifest.revision }
    package var parent: Int { manifest.parent }
    package var body: Int { manifest.body }
}

/// What `StateStore.activate` did.
package struct Activation: Equatable, Sendable {
    /// The revision that serves now, and the one that did before.
    package let revision: Int
    package let previous: Int
    /// How many corrections became `withheld`.
    package let withheld: Int
    /// How many that were not `learnt` are now.
    package let learnt: Int
}
