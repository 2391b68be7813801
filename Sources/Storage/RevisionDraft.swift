package import Foundation

/// A file of a revision to be published.
package struct RevisionFile: Sendable {
    /// Where its bytes come from.
    package enum Content: Sendable {
        case bytes(Data)
        /// Writes the file at the path it is given, which does not exist yet.
        case writer(@Sendable (_ path: String) throws -> Void)
    }

    package let name: String
    package let content: Content

    package init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

/// A revision to be published.
package struct RevisionDraft: Sendable {
    /// Whose body it has.
    package enum Body: Sendable {
        /// The base model's.
        case base
        /// That of another revision, whose body files become hard links.
        case sameAs(Int)
        /// One of its own.
        case new([RevisionFile])
    }

    /// The revision it was made from; 0 is the base model.
    package var parent: Int
    /// Publishing is a conflict when another revision serves by then.
    package var expectedServing: Int
    package var method: String
    package var seed: UInt64?
    package var hyperparameters = JSONValue.object([:])
    package var steps: Int?
    package var kernelPath: String
    package var body: Body
    /// All files that are not the body's.
    package var files: [RevisionFile]
    /// What the head has learnt: these are `learnt` once it is published, and no others.
    package var head: CorrectionSet
    /// What the body has learnt, and what judged it.
    package var bodySet = CorrectionSet()
    package var holdout = CorrectionSet()
    package var labels: [String]
    package var guardReport: JSONValue?
    package var metrics: JSONValue?

    package init(
        parent: Int, expectedServing: Int, method: String, kernelPath: String, body: Body, files: [RevisionFile],
        head: CorrectionSet, labels: [String]
    ) {
        self.parent = parent
        self.expectedServing = expectedServing
        self.method = method
        self.kernelPath = kernelPath
        self.body = body
        self.files = files
        self.head = head
        self.labels = labels
    }

    /// The files that are its own, with whether they belong to the body.
    var ownFiles: [(file: RevisionFile, isBody: Bool)] {
        let bodyFiles: [RevisionFile] = if case .new(let files) = body { files } else { [] }
        return bodyFiles.map { ($0, true) } + files.map { ($0, false) }
    }

    func validate() throws(StorageError) {
        var names: Set<String> = [RevisionManifest.fileName]
        for (file, _) in ownFiles {
            let name = file.name
            guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0),
                name.utf8.count <= 255
            else {
                throw StorageError(.invalid, "'\(name)' is not a plain file name")
            }
            guard names.insert(name).inserted else {
                throw StorageError(.invalid, "a revision cannot have two files '\(name)'")
            }
        }
        guard parent >= 0, expectedServing >= 0 else {
            throw StorageError(.invalid, "revisions are numbered from 0, the base model")
        }
    }
}
