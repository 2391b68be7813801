import Foundation
import Storage
import Synchronization
import Testing

/// A directory for one test, removed with its last use.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "attuned-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var state: String { "\(path)/state" }
}

/// Makes the steps of a store fail, and counts them.
final class Faults: Sendable {
    private struct Plan {
        var steps: [StorageStep] = []
        var failing: Int?
        var isCrash = false
    }

    private let plan = Mutex(Plan())

    /// Steps since the last `arm`.
    var steps: [StorageStep] { plan.withLock { $0.steps } }

    var hasFired: Bool {
        plan.withLock { plan in plan.failing.map { plan.steps.count >= $0 } ?? false }
    }

    /// From now on, step number `failing` (from 1) fails, and after it, if that is a crash, all others.
    func arm(failing: Int?, isCrash: Bool = false) {
        plan.withLock { $0 = Plan(failing: failing, isCrash: isCrash) }
    }

    func take(_ step: StorageStep) throws(StorageError) {
        let fails = plan.withLock { plan in
            plan.steps.append(step)
            guard let failing = plan.failing else { return false }
            return plan.steps.count == failing || (plan.isCrash && plan.steps.count > failing)
        }
        if fails { throw StorageError(.inputOutput, "injected at \(step)") }
    }
}

let model = BaseModelIdentity(name: "tiny", digest: "aa11")
let otherModel = BaseModelIdentity(name: "large", digest: "bb22")

func open(
    _ path: String, model: BaseModelIdentity = model, faults: Faults? = nil,
    _ change: (inout StateStore.Options) -> Void = { _ in }
) throws(StorageError) -> StateStore {
    var options = StateStore.Options()
    if let faults { options.hook = { (step) throws(StorageError) in try faults.take(step) } }
    change(&options)
    return try StateStore.open(directory: path, baseModel: model, options: options)
}

func correction(_ text: String, _ label: String = "yes", key: String? = nil, uid: UInt32 = 1000) -> NewCorrection {
    NewCorrection(task: "classification", text: text, label: label, idempotencyKey: key, uid: uid)
}

/// A draft whose head has learnt all live corrections, or those in `head`.
func draft(
    _ store: StateStore, body: RevisionDraft.Body = .base, head: Set<Int64>? = nil, bodySet: Bool = false
) async throws -> RevisionDraft {
    var set = CorrectionSet()
    for state in [CorrectionState.queued, .learnt] {
        for correction in try await store.corrections(state: state, limit: 10_000)
        where head?.contains(correction.sequence) ?? true {
            set.insert(correction.sequence, correction.digest)
        }
    }
    let serving = store.serving
    var draft = RevisionDraft(
        parent: serving, expectedServing: serving, method: "head", kernelPath: "plain", body: body,
        files: [RevisionFile(name: "head.safetensors", content: .bytes(Data("head of \(set.sum.hex)".utf8)))],
        head: set, labels: ["yes", "no"])
    if bodySet { draft.bodySet = set }
    return draft
}

func newBody(_ text: String) -> RevisionDraft.Body {
    .new([
        RevisionFile(name: "adapter_model.safetensors", content: .bytes(Data(text.utf8))),
        RevisionFile(
            name: "adapter_config.json",
            content: .writer { path in try Data("{\"r\": 8}".utf8).write(to: URL(filePath: path)) }),
    ])
}

func states(_ store: StateStore) async throws -> [Int64: CorrectionState] {
    var states: [Int64: CorrectionState] = [:]
    for correction in try await store.corrections(limit: 10_000) { states[correction.sequence] = correction.state }
    return states
}

/// What the operation throws.
func failure(_ operation: () async throws -> Void) async -> StorageError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? StorageError
    }
}

/// The kind of what the operation throws.
func code(_ operation: () async throws -> Void) async -> StorageError.Code? {
    await failure(operation)?.code
}

/// Checks what must hold of a state directory that was just opened, whatever happened before.
func checkInvariants(
    _ store: StateStore, _ path: String, _ context: String, model: BaseModelIdentity = model
) async throws {
    let comment = Comment(rawValue: context)
    let kept = try await store.revisions()
    let serving = store.serving
    for revision in kept where revision.manifest.baseModel == model {
        _ = try await store.verifiedDirectory(of: revision.number)
    }
    #expect(serving == 0 || kept.contains { $0.number == serving && $0.isServing }, comment)

    let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/revisions")
    #expect(Set(names) == Set(kept.map { String(format: "%06d", $0.number) }), comment)
    let top = Set(try FileManager.default.contentsOfDirectory(atPath: path))
    let allowed: Set = ["state.sqlite", "state.sqlite-wal", "revisions", "current", "lock"]
    #expect(top.subtracting(allowed).filter { !$0.hasPrefix("damaged-") }.isEmpty, comment)
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/current")
    #expect(link == (serving == 0 ? nil : "revisions/\(String(format: "%06d", serving))"), comment)

    let head = kept.first { $0.number == serving }?.manifest.corrections.head.sequences ?? SequenceSet()
    var counts = Dictionary(uniqueKeysWithValues: CorrectionState.allCases.map { ($0, 0) })
    var live: Set<ContentDigest> = []
    for correction in try await store.corrections(limit: 10_000) {
        counts[correction.state, default: 0] += 1
        if correction.state.isLive {
            #expect((correction.state == .learnt) == head.contains(correction.sequence), comment)
            #expect((correction.state == .learnt) == (correction.revision != nil), comment)
            #expect(live.insert(correction.inputDigest).inserted, comment)
        }
    }
    #expect(store.counts == counts, comment)
}

/// Writes over bytes of a file.
func patch(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
}

extension StateStore {
    /// The kept revisions that a purged correction left a trace in, newest first; the serving one may be among them.
    func taintedRevisions() async throws -> [Int] {
        let purged = SequenceSet(Set(try await corrections(limit: 10_000).filter(\.isPurged).map(\.sequence)))
        return try await revisions().filter { !$0.manifest.corrections.seen.intersection(purged).isEmpty }.map(\.number)
    }
}
