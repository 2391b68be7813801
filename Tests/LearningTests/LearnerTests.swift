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

private enum Model {
    static let path = ProcessInfo.processInfo.environment["ATTUNED_MODEL"]
}

/// A learner of the default model on a journal of its own, whose writes can be made to fail.
private final class Pupil: Sendable {
    let store: StateStore
    let learner: Learner
    private let folder: URL
    private let running: Task<Void, Never>

    init(labels: [String], _ change: (inout BurstPolicy) -> Void = { $0.isEnabled = false }) async throws {
        let path = try #require(Model.path)
        let identity = try BaseModelIdentity(name: "default", directory: path)
        let base = LearningBase(
            directory: path, digest: identity.digest, model: try TextModel(directory: path), kernels: "test")
        let pipeline = try TextPipeline(
            tokenizer: Tokenizer(directory: path), maximumTokens: 64, model: base.configuration)
        folder = FileManager.default.temporaryDirectory.appending(path: "pupil-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let fault = Fault()
        var storing = StateStore.Options()
        storing.hook = { (step) throws(StorageError) in
            if step == .commit, fault.isWanted.withLock({ $0 }) {
                throw StorageError(.readOnly, "no room, says the test")
            }
        }
        store = try StateStore.open(
            directory: folder.appending(path: "state").path(percentEncoded: false), baseModel: identity,
            options: storing)
        self.fault = fault
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let served = try await LoadedRevision.loadServing(from: store, base: base, logger: logger)
        var options = LearningOptions()
        options.labels = labels
        options.idle = .milliseconds(50)
        change(&options.bursts)
        let learner = Learner(
            store: store, engine: InferenceEngine(pipeline: pipeline, revision: served.serving), base: base,
            served: served, options: options, logger: logger)
        self.learner = learner
        try await learner.prepare()
        running = Task { await learner.run() }
    }

    private final class Fault: Sendable {
        let isWanted = Mutex(false)
    }

    private let fault: Fault

    /// Whether everything that is committed from now on fails.
    func failWrites(_ isWanted: Bool) { fault.isWanted.withLock { $0 = isWanted } }

    /// Puts a correction into the journal, and says so unless it is to be found out later.
    @discardableResult func teach(_ text: String, _ label: String, by user: UInt32 = 1) async throws -> Int64 {
        let receipt = try await store.append(
            NewCorrection(task: "text-classification", text: text, label: label, uid: user))
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

    func end() async {
        running.cancel()
        await running.value
        await store.close()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Texts about one of two matters, of which there is no doubt.
private func text(_ number: Int) -> (text: String, label: String) {
    let towns = ["Ghent", "Turin", "Porto", "Lund", "Graz", "Brno", "York", "Nantes"]
    let town = "\(towns[number % towns.count]) \(number)"
    return number.isMultiple(of: 2)
        ? ("please send \(number) euros from my bank account to the branch in \(town)", "money")
        : ("the football team of \(town) won its match with a late goal", "sport")
}

@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: Model.path != nil, "ATTUNED_MODEL is not set"))
struct `A learner` {
    @Test func `forgets what is retracted though it did not count any more`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        let first = try await pupil.teach("it is raining", "weather")
        try await pupil.rest()
        try await pupil.teach("it is raining", "money")
        try await pupil.rest()
        // Superseded, and still in what the head was warmed up with.
        _ = try await pupil.store.retract(first)
        pupil.learner.wake()
        try await pupil.until("a head that has not seen it") { pupil.store.unlearning().isEmpty }

        let other = try await pupil.teach("it is snowing", "sport", by: 2)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([other]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.rest()
        _ = try await pupil.store.purge(other)
        pupil.learner.wake()
        try await pupil.until("a head that has not seen what was purged") { pupil.store.unlearning().isEmpty }
        try await pupil.until("no revision that has") { try await pupil.store.taintedRevisions().isEmpty }
        await pupil.end()
    }

    @Test func `compares a user who takes the place of others with them`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        for number in 0..<140 {
            try await pupil.teach(text(number).text, text(number).label, by: 1 + UInt32(number / 70))
        }
        try await pupil.rest()
        #expect(pupil.learner.status.quarantine.isEmpty)
        let wrong = (20..<60).map(text)
        for (text, label) in wrong { try await pupil.teach(text, label == "money" ? "sport" : "money", by: 3) }
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [3] }
        try await pupil.rest()
        #expect(pupil.store.counts[.quarantined] == 40)
        await pupil.end()
    }

    @Test func `marks what could not be marked before it learns on`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        let bad = try await pupil.teach("one of a user who is not trusted", "sport", by: 9)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([bad]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.until("quarantine") { pupil.learner.status.quarantine.map(\.user) == [9] }
        try await pupil.rest()
        // The learner sees it together with its own failure to say that it is held back.
        let receipt = try await pupil.store.append(
            NewCorrection(task: "text-classification", text: "another of his", label: "sport", uid: 9))
        pupil.failWrites(true)
        pupil.learner.wake()
        try await pupil.until("an error") { pupil.learner.status.lastError != nil }
        pupil.failWrites(false)
        try await pupil.until("rest") { pupil.store.counts[.queued, default: 0] == 0 }
        #expect(try await pupil.store.correction(receipt.sequence).state == .quarantined)
        await pupil.end()
    }

    @Test func `begins a burst though corrections keep coming`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"]) { policy in
            policy.method = .bias
            policy.startAfter = 16
            policy.holdoutShare = 2
            policy.judging.fewest = 4
            policy.longestWait = .milliseconds(100)
            policy.longestBurst = .seconds(2)
        }
        let stream = Task {
            for number in 0... {
                if Task.isCancelled { break }
                try await pupil.teach(text(number).text, text(number).label)
                // Without a pause, but within bounds where the learner has little of the processor.
                repeat {
                    try await Task.sleep(for: .milliseconds(5))
                } while pupil.store.counts[.queued, default: 0] > 100
            }
        }
        try await pupil.until("a burst") { pupil.learner.burst != nil }
        stream.cancel()
        _ = pupil.learner.cancelBurst()
        _ = try? await stream.value
        await pupil.end()
    }
}
