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
        /// One of its own that shares files with the body of another revision: those that are neither dropped nor
        /// replaced by a file of the same name become hard links.
        case over(Int, dropping: Set<String> = [], [RevisionFile])

        /// The files that it brings.
        var files: [RevisionFile] {
            switch self {
            case .base, .sameAs: []
            case .new(let files), .over(_, _, let files): files
            }
        }

        /// Whether it is one that no revision had before.
        var isNew: Bool {
            switch self {
            case .base, .sameAs: false
            case .new, .over: true
            }
        }
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
    /// What the body has learnt, and what judged it; of a new body all of these must hold still.
    package var bodySet = CorrectionSet()
    package var holdout = CorrectionSet()
    /// All that left a trace in it; `head`, `bodySet` and `holdout` count without being told.
    ///
    /// The traces come by what the head began from, the bodies that the body was made from, earlier holdouts and guards.
    package var seen = SequenceSet()
    package var labels: [String]
    package var guardReport: JSONValue?
    package var metrics: JSONValue?
    /// The burst that it is the outcome of, recorded with it in one transaction, which fills in the revision's number.
    package var burst: BurstRecord?

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
        body.files.map { ($0, true) } + files.map { ($0, false) }
    }

    func validate() throws(StorageError) {
        try RevisionFile.check([RevisionManifest.fileName] + ownFiles.map(\.file.name))
        guard parent >= 0, expectedServing >= 0 else {
            throw StorageError(.invalid, "revisions are numbered from 0, the base model")
        }
        guard let burst else { return }
        try burst.validate()
        guard burst.outcome == .published else {
            throw StorageError(.invalid, "burst \(burst.id) was \(burst.outcome.rawValue), and has no revision")
        }
    }
}
