package import Inference
package import Logging
package import Storage
import Transformer
import Tuning

/// A revision as the learner needs it: what serves, and what it was made of.
package struct LoadedRevision: Sendable {
    package let serving: ServingRevision
    let body: LoadedBody
    /// The corrections that its head has seen.
    let head: SequenceSet
    /// The corrections that its body has learnt, in this burst and in those before, and those that judged it.
    var bodySet = CorrectionSet()
    var holdout = CorrectionSet()
    /// All corrections that have left a trace in it, by the heads and bodies that it was made from too.
    let seen: SequenceSet
    /// How its head was fitted; nil for the model's own head.
    let settings: HeadSettings?
    /// Whether its head is as good as its corrections allow, and not only a quick improvement.
    let isThorough: Bool
    var measures = Measures()

    /// The base model without a revision.
    package init(base: LearningBase) {
        body = LoadedBody.base(base)
        serving = ServingRevision(number: 0, body: body.body, head: base.head)
        head = SequenceSet()
        settings = nil
        isThorough = true
        seen = SequenceSet()
    }

    init(
        number: Int, body: LoadedBody, classifier: ClassificationHead?, head: SequenceSet, seen: SequenceSet,
        settings: HeadSettings?, isThorough: Bool
    ) {
        serving = ServingRevision(number: number, body: body.body, head: classifier)
        self.body = body
        self.seen = seen
        self.head = head
        self.settings = settings
        self.isThorough = isThorough
    }

    /// The same revision, with a head that nobody needs to improve.
    func asThorough(settings: HeadSettings? = nil) -> LoadedRevision {
        var revision = LoadedRevision(
            number: serving.number, body: body, classifier: serving.head, head: head, seen: seen,
            settings: settings ?? self.settings, isThorough: true)
        revision.bodySet = bodySet
        revision.holdout = holdout
        revision.measures = measures
        return revision
    }

    /// The same revision under the number that it was published with; so is its body, if no revision brought it yet.
    func numbered(_ number: Int) -> LoadedRevision {
        var revision = LoadedRevision(
            number: number, body: body.kind == .base ? body : body.numbered(number), classifier: serving.head,
            head: head, seen: seen, settings: settings, isThorough: isThorough)
        revision.bodySet = bodySet
        revision.holdout = holdout
        revision.measures = measures
        return revision
    }

    /// What its body has to do with, by training or by having been judged.
    var usedByBody: SequenceSet { bodySet.sequences.union(holdout.sequences) }

    /// Loads revision `number` from `store`, every file checked against its manifest; 0 is `base`.
    ///
    /// - Parameter known: a revision whose body is taken over where it is the same.
    /// - Throws: `StorageError`, also where the body or the head does not fit the model.
    package static func load(
        _ number: Int, from store: StateStore, base: LearningBase, known: LoadedRevision? = nil
    ) async throws(StorageError) -> LoadedRevision {
        if number == 0 { return LoadedRevision(base: base) }
        let manifest = try await store.revision(number).manifest
        let directory = try await store.verifiedDirectory(of: number)
        let body: LoadedBody
        if let known, known.body.number == manifest.body {
            body = known.body
        } else {
            body = try LoadedBody.load(manifest, directory: directory, base: base)
        }
        var classifier: ClassificationHead?
        var notes: [String: String] = [:]
        if !manifest.labels.isEmpty {
            do throws(ModelError) {
                let path = "\(directory)/\(HeadFile.name)"
                let (head, found) = try ClassificationHead.read(path)
                guard head.featureCount == base.configuration.hiddenSize else {
                    throw ModelError(
                        .wrongShape,
                        "\(path) takes \(head.featureCount) features; the model has \(base.configuration.hiddenSize)")
                }
                classifier = head
                notes = found
            } catch {
                throw StorageError(.corrupt, error.description)
            }
        }
        var revision = LoadedRevision(
            number: number, body: body, classifier: classifier, head: manifest.corrections.head.sequences,
            seen: manifest.corrections.seen, settings: HeadFile.settings(in: notes),
            isThorough: classifier == nil || HeadFile.isThorough(notes))
        revision.bodySet = manifest.corrections.body
        revision.holdout = manifest.corrections.holdout
        if let metrics = manifest.metrics, let measures = try? metrics.decode(as: Measures.self) {
            revision.measures = measures
        }
        return revision
    }
}

extension LoadedRevision {
    /// Loads the revision that serves; where it is damaged, the nearest sound one that it was made from serves from now
    /// on, and what that has not learnt is queued again.
    package static func loadServing(
        from store: StateStore, base: LearningBase, logger: Logger
    ) async throws(StorageError) -> LoadedRevision {
        var candidates = [store.serving]
        var damaged: [Int] = []
        while true {
            let number = candidates.removeFirst()
            do throws(StorageError) {
                let revision = try await load(number, from: store, base: base)
                if !damaged.isEmpty {
                    let queued = try await store.fallBack(to: number, from: damaged)
                    logger.critical(
                        "a revision serves in place of damaged ones",
                        metadata: ["revision": "\(number)", "damaged": "\(damaged)", "queued": "\(queued)"])
                }
                return revision
            } catch {
                guard number != 0, error.code == .corrupt else { throw error }
                logger.critical(
                    "a revision cannot be served", metadata: ["revision": "\(number)", "reason": "\(error.text)"])
                damaged.append(number)
                if candidates.isEmpty { candidates = try await store.ancestors(of: number) }
            }
        }
    }
}
