package import Inference
package import Storage
import Transformer
import Tuning

/// A revision as the learner needs it: what serves, and what it was made of.
package struct LoadedRevision: Sendable {
    package let serving: ServingRevision
    /// The corrections that its head has seen.
    let head: SequenceSet
    /// How its head was fitted; nil for the model's own head.
    let settings: HeadSettings?
    /// Whether its head is as good as its corrections allow, and not only a quick improvement.
    let isThorough: Bool

    /// The corrections that its head, or one it was fitted from, has seen since the last fit from nothing.
    let seen: SequenceSet

    /// The base model without a revision.
    package init(base: ServingRevision) {
        serving = base
        head = SequenceSet()
        settings = nil
        isThorough = true
        seen = SequenceSet()
    }

    init(
        serving: ServingRevision, head: SequenceSet, seen: SequenceSet, settings: HeadSettings?, isThorough: Bool
    ) {
        self.seen = seen
        self.serving = serving
        self.head = head
        self.settings = settings
        self.isThorough = isThorough
    }

    /// The same revision, with a head that nobody needs to improve.
    func asThorough(settings: HeadSettings? = nil) -> LoadedRevision {
        LoadedRevision(
            serving: serving, head: head, seen: seen, settings: settings ?? self.settings, isThorough: true)
    }

    /// Loads revision `number` from `store`, every file checked against its manifest; 0 is `base`.
    ///
    /// - Throws: `StorageError`, also where the head does not fit the model.
    package static func load(
        _ number: Int, from store: StateStore, base: ServingRevision
    ) async throws(StorageError) -> LoadedRevision {
        if number == 0 { return LoadedRevision(base: base) }
        let record = try await store.revision(number)
        let directory = try await store.verifiedDirectory(of: number)
        let path = "\(directory)/\(HeadFile.name)"
        let used = record.manifest.corrections.head.sequences
        if record.manifest.labels.isEmpty {
            return LoadedRevision(
                serving: ServingRevision(number: number, body: base.body, head: nil), head: used, seen: used,
                settings: nil, isThorough: true)
        }
        do throws(ModelError) {
            let (head, notes) = try ClassificationHead.read(path)
            guard head.featureCount == base.body.encoder.featureCount else {
                throw ModelError(
                    .wrongShape,
                    "\(path) takes \(head.featureCount) features; the model has \(base.body.encoder.featureCount)")
            }
            return LoadedRevision(
                serving: ServingRevision(number: number, body: base.body, head: head),
                head: used, seen: HeadFile.seen(in: notes).union(used), settings: HeadFile.settings(in: notes),
                isThorough: HeadFile.isThorough(notes))
        } catch {
            throw StorageError(.corrupt, error.description)
        }
    }
}
