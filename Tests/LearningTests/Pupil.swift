import Foundation
import Inference
import Learning
import Logging
import Storage
import Synchronization
import Testing
import Tokenization
import Transformer
import Tuning

/// A learner of the default model on a journal of its own, whose writes can be made to fail.
final class Pupil: Sendable {
    /// Where the model is; nil where it was not fetched.
    static let model = ProcessInfo.processInfo.environment["ATTUNED_MODEL"]

    let store: StateStore
    let learner: Learner
    let base: LearningBase
    private let pipeline: TextPipeline
    private let folder: URL
    private let options: LearningOptions
    private let running: Task<Void, Never>
    private let fault: Present

    private final class Present: Sendable {
        let fault = Mutex<Fault?>(nil)
        /// How often the database was to be written anew, and whether that fails.
        let rebuilds = Mutex((count: 0, fail: false))
    }

    /// What cannot be written.
    enum Fault: CaseIterable {
        /// Transactions.
        case commits
        /// Files of revisions.
        case files
        case both

        fileprivate func concerns(_ step: StorageStep) -> Bool {
            switch step {
            case .commit: self != .files
            case .makeDirectory, .write, .sync, .link, .rename, .replaceLink, .remove: self != .commits
            case .committed, .reopen, .rebuild, .emptyLog: false
            }
        }
    }

    /// A learner that knows `labels`, on a new journal or on the one that an earlier pupil has left in `folder`.
    init(
        labels: [String], in folder: URL? = nil, _ change: (inout BurstPolicy) -> Void = { $0.isEnabled = false }
    ) async throws {
        let path = try #require(Self.model)
        let identity = try BaseModelIdentity(name: "default", directory: path)
        base = LearningBase(
            directory: path, digest: identity.digest, model: try TextModel(directory: path), kernels: "test")
        pipeline = try TextPipeline(
            tokenizer: Tokenizer(directory: path), maximumTokens: 64, model: base.configuration)
        self.folder = folder ?? FileManager.default.temporaryDirectory.appending(path: "pupil-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let fault = Present()
        var storing = StateStore.Options()
        storing.hook = { (step) throws(StorageError) in
            let fails = fault.rebuilds.withLock { rebuilds in
                if step == .rebuild { rebuilds.count += 1 }
                return step == .rebuild && rebuilds.fail
            }
            if fails { throw StorageError(.readOnly, "no room for a copy, says the test") }
            if let present = fault.fault.withLock({ $0 }), present.concerns(step) {
                throw StorageError(.readOnly, "no room, says the test")
            }
        }
        store = try StateStore.open(
            directory: self.folder.appending(path: "state").path(percentEncoded: false), baseModel: identity,
            options: storing)
        self.fault = fault
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let served = try await LoadedRevision.loadServing(from: store, base: base, logger: logger)
        var options = LearningOptions()
        options.labels = labels
        options.idle = .milliseconds(50)
        change(&options.bursts)
        self.options = options
        let learner = Learner(
            store: store, engine: InferenceEngine(pipeline: pipeline, revision: served.serving), base: base,
            served: served, options: options, logger: logger)
        self.learner = learner
        try await learner.prepare()
        running = Task { await learner.run() }
    }

    /// A text about one of two matters, of which there is no doubt, and which one it is.
    static func text(_ number: Int) -> (text: String, label: String) {
        let towns = ["Ghent", "Turin", "Porto", "Lund", "Graz", "Brno", "York", "Nantes"]
        let town = "\(towns[number % towns.count]) \(number)"
        return number.isMultiple(of: 2)
            ? ("please send \(number) euros from my bank account to the branch in \(town)", "money")
            : ("the football team of \(town) won its match with a late goal", "sport")
    }

    /// Bursts when they are asked for alone, and of few corrections.
    static func tunesFew(_ policy: inout BurstPolicy) {
        policy.isEnabled = false
        policy.method = .bias
        policy.startAfter = 16
        policy.holdoutShare = 2
        policy.judging.fewest = 4
    }

    /// Has what is written from now on fail, or succeed again.
    func failWrites(_ kind: Fault?) { fault.fault.withLock { $0 = kind } }

    /// Has the database not be written anew from now on, or again.
    func failRebuilds(_ fail: Bool) { fault.rebuilds.withLock { $0.fail = fail } }

    /// How often the database was to be written anew.
    var rebuilds: Int { fault.rebuilds.withLock { $0.count } }

    /// Puts a correction into the journal; its sequence.
    @discardableResult func teach(
        _ text: String, _ label: String, by user: UInt32 = 1, slice: String? = nil
    ) async throws -> Int64 {
        let receipt = try await store.append(
            NewCorrection(task: "text-classification", text: text, label: label, slice: slice, uid: user))
        learner.wake()
        return receipt.sequence
    }

    /// Waits until `condition` holds; records an issue where it does not come to that.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<60_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("not in ten minutes: \(what)")
    }

    /// Waits until all is learnt, and the learner rests.
    func rest() async throws {
        try await until("rest") { store.counts[.queued, default: 0] == 0 && !learner.status.isBusy }
    }

    /// Changes what the configuration says of bursts, from what it said at first.
    func reconfigure(_ change: (inout BurstPolicy) -> Void) async {
        var options = options
        change(&options.bursts)
        await learner.reconfigure(options)
    }

    /// Has a burst made; what became of it.
    func burst(isRebuild: Bool = false) async throws -> BurstStatus {
        var burst: BurstStatus?
        try await until("a burst that may begin") {
            burst = try? await learner.startBurst(method: nil, seed: nil, isRebuild: isRebuild)
            return burst != nil
        }
        let id = try #require(burst?.id)
        try await until("the end of the burst") { learner.burst.map { $0.id == id && $0.finished != nil } ?? false }
        return try #require(learner.burst)
    }

    /// Has the body made anew from all corrections; the revision that came of it.
    func rebuild() async throws -> Int {
        let ended = try await burst(isRebuild: true)
        return try #require(ended.revision, "\(ended.state): \(ended.reason ?? "no reason")")
    }

    /// The files of revision `number` by name, but for its manifest.
    func files(of number: Int) async throws -> [String: Data] {
        let path = try await store.verifiedDirectory(of: number)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0 != RevisionManifest.fileName }.map {
                ($0, try Data(contentsOf: URL(filePath: path).appending(path: $0)))
            })
    }

    /// All corrections, in the order of their coming.
    func corrections() async throws -> [Correction] {
        try await store.corrections(after: 0, limit: StateStore.pageLimit)
    }

    /// What comes of making revision `number` again.
    func verdict(on number: Int) async throws -> Verdict {
        try await Verifier(store: store, base: base, pipeline: pipeline).verify(number)
    }

    /// Ends, and leaves the journal to a successor, who needs its folder.
    func leave() async -> URL {
        failWrites(nil)
        running.cancel()
        await running.value
        await store.close()
        return folder
    }

    /// Ends, and removes all there was.
    func end() async { try? FileManager.default.removeItem(at: await leave()) }
}

extension StateStore {
    /// The kept revisions that a purged correction left a trace in, newest first; the serving one may be among them.
    func taintedRevisions() async throws -> [Int] {
        let all = try await corrections(limit: StateStore.pageLimit)
        let purged = SequenceSet(Set(all.filter(\.isPurged).map(\.sequence)))
        return try await revisions().map(\.manifest).filter { !$0.corrections.seen.intersection(purged).isEmpty }
            .map(\.revision)
    }
}
