/// A revision as the store has it.
public struct RevisionInfo: Sendable, Hashable, Codable {
    /// Which corrections a revision was made from, as ranges of sequences such as `1-5,8`.
    public struct CorrectionsUsed: Sendable, Hashable, Codable {
        /// Those that the head has seen.
        public let head: String
        /// Those that the body was trained on.
        public let body: String
        /// Those that judged it.
        public let holdout: String

        package init(head: some Sequence<Int>, body: some Sequence<Int>, holdout: some Sequence<Int>) {
            self.head = SequenceRanges.text(of: head)
            self.body = SequenceRanges.text(of: body)
            self.holdout = SequenceRanges.text(of: holdout)
        }

        package init(head: String, body: String, holdout: String) {
            self.head = head
            self.body = body
            self.holdout = holdout
        }
    }

    /// What the guard found when it compared the revision with the one that served before.
    public struct GuardReport: Sendable, Hashable, Codable {
        /// Whether the revision was let through.
        public let accepted: Bool
        /// Why, in words.
        public let reason: String?
        /// On how many corrections it was judged.
        public let examples: Int
        /// By how much the mean log-loss changed; negative is better.
        public let logLossChange: Double?
        /// The bound that the change stays under at the stated confidence.
        public let upperBound: Double?

        package init(
            accepted: Bool,
            reason: String? = nil,
            examples: Int,
            logLossChange: Double? = nil,
            upperBound: Double? = nil
        ) {
            self.accepted = accepted
            self.reason = reason
            self.examples = examples
            self.logLossChange = logLossChange
            self.upperBound = upperBound
        }
    }

    /// The revision's number.
    public let id: Int
    /// The revision that it was made from; 0 is the base model.
    public let parent: Int?
    /// When it was published (RFC 3339).
    public let created: String
    /// What the burst that made it could change.
    public let method: TuningMethod
    /// How many corrections its head has seen.
    public let corrections: Int
    /// Which corrections it was made from.
    public let correctionsUsed: CorrectionsUsed
    /// What the guard found; nil if it was not asked.
    public let `guard`: GuardReport?
    /// How well learning went up to it; nil if it is not known.
    public let measures: MeasuresInfo?
    /// How many labels it knows.
    public let labels: Int
    /// Whether it answers now.
    public let serving: Bool
    /// Whether it is kept whatever comes later.
    public let pinned: Bool

    package init(
        id: Int,
        parent: Int?,
        created: String,
        method: TuningMethod,
        corrections: Int,
        correctionsUsed: CorrectionsUsed,
        guard report: GuardReport? = nil,
        measures: MeasuresInfo? = nil,
        labels: Int,
        serving: Bool,
        pinned: Bool
    ) {
        self.id = id
        self.parent = parent
        self.created = created
        self.method = method
        self.corrections = corrections
        self.correctionsUsed = correctionsUsed
        self.guard = report
        self.measures = measures
        self.labels = labels
        self.serving = serving
        self.pinned = pinned
    }
}

/// The result of `revisions/list`.
public struct RevisionsResult: Sendable, Hashable, Codable {
    /// The revisions that are kept, by number.
    public let revisions: [RevisionInfo]

    package init(_ revisions: [RevisionInfo]) { self.revisions = revisions }
}

/// The result of `revisions/activate`.
public struct ActivateResult: Sendable, Hashable, Codable {
    /// The revision that serves now.
    public let revision: Int

    package init(revision: Int) { self.revision = revision }
}

/// The result of `revisions/pin`.
public struct PinResult: Sendable, Hashable, Codable {
    /// Whether the revision is pinned now.
    public let pinned: Bool

    package init(pinned: Bool) { self.pinned = pinned }
}

/// Sets of sequences in short form.
package enum SequenceRanges {
    /// Ascending sequences as ranges: 1, 2, 3, 7 is `1-3,7`.
    package static func text(of sequences: some Sequence<Int>) -> String {
        var text = ""
        var run: ClosedRange<Int>?
        func flush() {
            guard let run else { return }
            if !text.isEmpty { text += "," }
            text += run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)-\(run.upperBound)"
        }
        for sequence in sequences {
            if let current = run, sequence == current.upperBound + 1 {
                run = current.lowerBound...sequence
            } else {
                flush()
                run = sequence...sequence
            }
        }
        flush()
        return text
    }
}
