package import Inference
package import Storage
import Transformer
import Tuning

/// What came of making a revision again.
package enum Verdict: Sendable, Equatable, CustomStringConvertible {
    /// It came out the same to the bit.
    case same
    /// It did not, or what is kept is not what was published.
    case differs(String)
    /// It cannot be made again here.
    case notComparable(String)

    package var description: String {
        switch self {
        case .same: "verified"
        case .differs(let reason): "differs: \(reason)"
        case .notComparable(let reason): "not comparable: \(reason)"
        }
    }
}

/// Makes revisions again from what their manifests say, and compares.
///
/// A head is fitted again from its parent's, or from nothing; a body is trained again from the one that it began from.
/// Both take what they need from the journal, which must hold it still, with the contents that were used.
package struct Verifier {
    private let store: StateStore
    private let base: LearningBase
    private let pipeline: TextPipeline
    private let corrections: [Int64: Correction]

    /// - Throws: `StorageError`, also where a correction is not what was committed.
    package init(
        store: StateStore, base: LearningBase, pipeline: TextPipeline
    ) async throws(StorageError) {
        self.store = store
        self.base = base
        self.pipeline = pipeline
        var corrections: [Int64: Correction] = [:]
        var cursor: Int64 = 0
        while true {
            let page = try await store.corrections(after: cursor, limit: StateStore.pageLimit)
            guard let last = page.last else { break }
            for correction in page { corrections[correction.sequence] = correction }
            cursor = last.sequence
        }
        self.corrections = corrections
    }

    /// The verdict on revision `number`.
    ///
    /// - Throws: `StorageError` if there is no such revision, or the state cannot be read.
    package func verify(_ number: Int) async throws -> Verdict {
        let manifest = try await store.revision(number).manifest
        let loaded = await load(number)
        if case .failure(let error) = loaded {
            if error.code == .corrupt { return .differs(error.text) }
            if error.code == .otherModel { return .notComparable(error.text) }
        }
        let revision = try loaded.get()
        guard manifest.kernelPath == base.kernelPath else {
            return .notComparable("it was computed by \(manifest.kernelPath), and this is \(base.kernelPath)")
        }
        let sets = manifest.corrections
        for (name, set) in [("head", sets.head), ("body", sets.body), ("holdout", sets.holdout)] {
            if let verdict = fault(in: set, of: name) { return verdict }
        }
        guard let recipe: RevisionRecipe = try? manifest.hyperparameters.decode() else {
            return .notComparable("its manifest does not say how it was made")
        }
        do {
            if manifest.body == number, let found = try await remakeBody(manifest, recipe, revision) { return found }
            if !manifest.labels.isEmpty, let found = try await remakeHead(manifest, recipe, revision) { return found }
            return .same
        } catch let error as BurstError {
            return .differs("its burst cannot be run again: \(error)")
        } catch let error as TuningError {
            return .differs("its head cannot be fitted again: \(error)")
        }
    }

    /// The revisions that `number` was made from, those that brought the bodies among them, as far as they are kept.
    package func lineage(of number: Int) async throws(StorageError) -> [Int] {
        let kept = Dictionary(
            try await store.revisions().map { ($0.number, [$0.parent, $0.body]) },
            uniquingKeysWith: { first, _ in first })
        var lineage: Set<Int> = []
        var waiting = [number]
        while let next = waiting.popLast() {
            guard let makers = kept[next], lineage.insert(next).inserted else { continue }
            waiting += makers
        }
        return lineage.sorted(by: >)
    }

    /// What keeps the corrections `set` from being what they were; nil if nothing does.
    private func fault(in set: CorrectionSet, of name: String) -> Verdict? {
        var found = CorrectionSet()
        for sequence in set.sequences.elements {
            guard let correction = corrections[sequence] else {
                return .differs("correction \(sequence) of its \(name) is not in the journal")
            }
            if correction.isPurged { return .notComparable("correction \(sequence) of its \(name) was purged") }
            found.insert(sequence, correction.digest)
        }
        return found == set ? nil : .differs("the corrections of its \(name) are not the ones that it was made from")
    }

    /// Trains the body again; nil if it is the same.
    private func remakeBody(
        _ manifest: RevisionManifest, _ recipe: RevisionRecipe, _ revision: LoadedRevision
    ) async throws -> Verdict? {
        guard let burst = recipe.burst, let seed = manifest.seed else {
            return .notComparable("its manifest does not say how its body was made")
        }
        var parent = LoadedBody.base(base)
        if burst.from != 0 {
            guard let kept = try await kept(manifest.parent), kept.body.number == burst.from else {
                return .notComparable("the body that it went on from, revision \(burst.from)'s, is no longer kept")
            }
            parent = kept.body
        }
        let (new, replay) = (contents(burst.new), contents(burst.replay))
        guard new.count == burst.new.count, replay.count == burst.replay.count else {
            return .notComparable("corrections that its body was trained on are gone")
        }
        let table = try table(new + replay, by: parent)
        let training = BurstTraining(base: base, pipeline: pipeline, parent: parent)
        let outcome = try training.run(
            burst.recipe, new: new, replay: replay, seed: seed, settings: burst.settings, examples: table.examples,
            names: table.nameFeatures(BurstTraining.labels(of: new + replay)))
        guard outcome.steps.count == manifest.steps else {
            return .differs("its body took \(manifest.steps ?? 0) steps, and \(outcome.steps.count) this time")
        }
        let body = LoadedBody.tuned(outcome, method: burst.recipe.plan.method, from: parent, base: base)
        return body.body.encoder.hasWeights(of: revision.body.body.encoder)
            ? nil : .differs("its body comes out with other weights this time")
    }

    /// Fits the head again; nil if it is the same.
    private func remakeHead(
        _ manifest: RevisionManifest, _ recipe: RevisionRecipe, _ revision: LoadedRevision
    ) async throws -> Verdict? {
        guard let head = recipe.head else {
            return .notComparable("its manifest does not say how its head was fitted")
        }
        let table = try table(contents(manifest.corrections.head.sequences), by: revision.body)
        let learnt = manifest.corrections.body.sequences
        let problem = table.problem(manifest.labels, base: base.head, learntByBody: learnt)
        var parent: ClassificationHead?
        var settings = head.start
        var earlier = SequenceSet()
        if let first = head.first {
            let firstTable = try self.table(contents(first), by: revision.body)
            let fit = try firstTable.problem(
                head.firstLabels ?? manifest.labels, base: base.head, learntByBody: learnt
            ).fit(parent: nil, settings: head.start, isThorough: true)
            parent = fit?.head
            settings = fit?.settings
            earlier = first
        } else if !head.isCold {
            guard let kept = try await kept(manifest.parent) else {
                return .notComparable("the head that it was fitted from, revision \(manifest.parent)'s, is not kept")
            }
            parent = kept.serving.head
            earlier = kept.head
        }
        let present = manifest.corrections.head.sequences
        let fit = try problem.fit(
            parent: parent, settings: settings, isThorough: head.isThorough,
            new: table.keys(of: present.subtracting(earlier)), lost: earlier.subtracting(present).count)
        return fit?.head == revision.serving.head ? nil : .differs("its head comes out differently this time")
    }

    /// The revision `number`, or nil if it is no longer kept; 0 is the base model.
    private func kept(_ number: Int) async throws(StorageError) -> LoadedRevision? {
        let loaded = await load(number)
        if case .failure(let error) = loaded, error.code == .notFound { return nil }
        return try loaded.get()
    }

    private func load(_ number: Int) async -> Result<LoadedRevision, StorageError> {
        do {
            return .success(try await LoadedRevision.load(number, from: store, base: base))
        } catch {
            return .failure(error)
        }
    }

    /// The corrections `sequences`, in content order.
    private func contents(_ sequences: SequenceSet) -> [Correction] {
        sequences.elements.compactMap { corrections[$0] }.filter { !$0.isPurged }
            .sorted { ($0.digest, $0.sequence) < ($1.digest, $1.sequence) }
    }

    private func table(_ corrections: [Correction], by body: LoadedBody) throws -> CorrectionTable {
        let table = CorrectionTable(pipeline: pipeline, body: body.body, holdoutShare: 1)
        table.add(corrections)
        guard table.set.count == corrections.count else {
            throw TuningError("\(corrections.count - table.set.count) corrections have no features")
        }
        return table
    }
}
