import Dispatch
import Foundation
import GRDB
package import Logging
import Synchronization

/// The state of one instance: the journal of corrections and the revisions made from them.
///
/// One SQLite transaction is the commit point of everything. Blocking work runs on two serial queues of the store's own:
/// what asks SQLite on one, what writes revision directories on the other, which waits for the first where it commits,
/// never the other way round. So an append does not wait for a revision's files.
package final class StateStore: Sendable {
    /// How a store behaves.
    package struct Options: Sendable {
        /// Whether to take over a state that was made from another base model, and learn its corrections again.
        package var relearn = false
        /// How many bodies and how many revisions are kept, besides pinned ones.
        package var keptBodies = 8
        package var keptRevisions = 64
        /// Whether a damaged journal is set aside, and a new one made of what can be read; else it is refused.
        package var salvages = false
        package var logger: Logger
        /// For tests: told of every step before it is taken; what it throws is the step's fault.
        package var hook: (@Sendable (StorageStep) throws(StorageError) -> Void)?

        /// Without a `logger` nothing is logged.
        package init(logger: Logger? = nil) {
            self.logger = logger ?? Logger(label: "attuned.storage") { _ in SwiftLogNoOpLogHandler() }
        }
    }

    let directory: StateDirectory
    let database: StateDatabase
    let base: BaseModelIdentity
    let options: Options
    let memory: Mutex<StateMemory>
    /// Appends that wait for the next transaction.
    let waiting: Mutex<[WaitingAppend]>
    /// Purges that wait for their turn, which they have together.
    let waitingPurges: Mutex<[WaitingPurge]>
    /// What the files queue must remember.
    let publishing: Mutex<PublishingState>
    let databaseQueue = DispatchQueue(label: "attuned.storage.database")
    let filesQueue = DispatchQueue(label: "attuned.storage.files")
    let manifestsQueue = DispatchQueue(label: "attuned.storage.manifests")
    private let lock: LockFile

    /// Opens the state in `directory`, or begins one there; blocks, so call it before anything is served.
    ///
    /// The directory must belong to this process's user and be writable by nobody else. It is locked until `close`, all
    /// of the database is checked, and what an earlier process left unfinished is swept.
    package static func open(
        directory path: String, baseModel: BaseModelIdentity, options: Options = Options()
    ) throws(StorageError) -> StateStore {
        let files = FileSystem(hook: options.hook)
        let path = StateDirectory.resolved(path)
        let directory = StateDirectory(path: path, files: files)
        try directory.prepare()
        let lock = try LockFile(path: directory.lock)
        // Before anything that takes long: what is ended in the middle of it again and again must not fill the disk.
        try directory.sweepCopies(logger: options.logger)
        let (database, opened) = try begin(directory, base: baseModel, options: options)
        do {
            if opened.isVacuumDue { try removeTraces(in: database, logger: options.logger) }
            // The database file's own name must be on disk before anything in it counts.
            try files.sync(path)
            let highest = try directory.sweep(keeping: opened.kept, logger: options.logger)
            if highest > opened.lastRevision {
                try database.write { database in
                    try database.execute(sql: "UPDATE service SET last_revision = ?", arguments: [highest])
                }
            }
            let serving = opened.memory.serving.number
            let missing = opened.kept.filter { $0 != serving && !FileSystem.exists(directory.path(of: $0)) }
            if !missing.isEmpty {
                options.logger.error("revisions are missing", metadata: ["revisions": "\(missing.sorted())"])
                try database.write { try RevisionRow.letGo(of: missing, in: $0) }
            }
            directory.relink(to: serving, logger: options.logger)
            return StateStore(
                directory: directory, database: database, base: baseModel, options: options, memory: opened.memory,
                lock: lock)
        } catch {
            database.close()
            throw error
        }
    }

    /// The names of the files of the revision that the state in `path` served last; none where there is no such revision.
    ///
    /// Looks at the directory alone, which is to be opened by someone else, or later.
    package static func filesServed(in path: String) -> [String] {
        let directory = StateDirectory(path: StateDirectory.resolved(path), files: FileSystem(hook: nil))
        return (try? FileManager.default.contentsOfDirectory(atPath: directory.current)) ?? []
    }

    /// Opens the database and reads it; a damaged one once it was mended, where that is wanted.
    private static func begin(
        _ directory: StateDirectory, base: BaseModelIdentity, options: Options
    ) throws(StorageError) -> (StateDatabase, Opened) {
        if let aside = try directory.finishSalvage() {
            options.logger.critical("a damaged journal was set aside", metadata: ["aside": "\(aside)"])
        }
        try directory.prepareContents()
        do throws(StorageError) {
            return try read(directory, base: base, options: options)
        } catch {
            guard error.code == .corrupt, options.salvages else { throw error }
            try StateSalvage(directory: directory, base: base, logger: options.logger).run(because: error)
            return try read(directory, base: base, options: options)
        }
    }

    private static func read(
        _ directory: StateDirectory, base: BaseModelIdentity, options: Options
    ) throws(StorageError) -> (StateDatabase, Opened) {
        try WriteAheadLog.check("\(directory.database)-wal")
        let isNew = try directory.isWithoutRevisions()
        let database = try StateDatabase(path: directory.database, files: directory.files)
        do {
            let opened = try database.write { database in
                try StateSchema.migrate(database, base: base, isNew: isNew)
                return try take(
                    database, for: base, path: directory.path, relearn: options.relearn, logger: options.logger)
            }
            if options.salvages { try database.read(Correction.checkAll) }
            try directory.checkNothingLost(upTo: opened.lastSequence)
            return (database, opened)
        } catch {
            database.close()
            throw error
        }
    }

    private init(
        directory: StateDirectory, database: StateDatabase, base: BaseModelIdentity, options: Options,
        memory: StateMemory, lock: LockFile
    ) {
        self.directory = directory
        self.database = database
        self.base = base
        self.options = options
        self.memory = Mutex(memory)
        waiting = Mutex([])
        waitingPurges = Mutex([])
        publishing = Mutex(PublishingState())
        self.lock = lock
    }

    /// What `open` read.
    private struct Opened {
        let memory: StateMemory
        let kept: Set<Int>
        let lastRevision: Int
        let lastSequence: Int64
        /// Whether something was erased, by now or by an earlier process, that may have left traces in the database.
        let isVacuumDue: Bool
    }

    /// Lets go of the revisions that a purged correction left a trace in and that do not serve.
    private static func removeTainted(_ memory: StateMemory, in database: Database, logger: Logger) throws {
        do {
            let removed = try RevisionRow.removeTainted(
                by: memory.purged, serving: memory.serving.number, in: database)
            if !removed.isEmpty { try StateSchema.setVacuumDue(true, in: database) }
        } catch let error as StorageError where error.code == .corrupt {
            // One old manifest that cannot be read must not keep the service from starting.
            logger.error("cannot tell what was made with purged corrections", metadata: ["reason": "\(error.text)"])
        }
    }

    /// Finishes a purge that an earlier process began; without room for it the service goes on and tries again later.
    private static func removeTraces(in database: StateDatabase, logger: Logger) throws(StorageError) {
        do {
            try database.rebuild()
            try database.write { try StateSchema.setVacuumDue(false, in: $0) }
        } catch {
            guard error.code == .readOnly else { throw error }
            logger.error("traces of purged corrections are left in the state", metadata: ["reason": "\(error.text)"])
        }
    }

    /// Compares the state's base model with `base`, takes the state over where that is wanted, and reads it.
    private static func take(
        _ database: Database, for base: BaseModelIdentity, path: String, relearn: Bool, logger: Logger
    ) throws -> Opened {
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT base_name, base_digest, last_revision FROM service WHERE id = 1")
        else { throw StorageError(.corrupt, "the state's database does not say which model it was made from") }
        let made = BaseModelIdentity(name: try row.value(0), digest: try row.value(1))
        var memory = try StateMemory(database)
        if made.digest != base.digest {
            guard relearn else {
                throw StorageError(
                    .otherModel,
                    """
                    the state in \(path) was made from the model \(made.name) (digest \(made.digest)), not from \
                    \(base.name) (digest \(base.digest)): start with that model, or once with --relearn to learn all \
                    corrections again on this one, or with another state directory
                    """)
            }
            try database.execute(
                sql: "UPDATE service SET base_name = ?, base_digest = ?, serving = 0",
                arguments: [base.name, base.digest])
            var writer = JournalWriter(database, serving: ServingSets(), change: memory.change)
            for sequence in memory.states[.learnt].elements { try writer.admit(writer.existing(sequence)) }
            memory.apply(writer)
        }
        try removeTainted(memory, in: database, logger: logger)
        let kept = try Set(RevisionRow.allKept(in: database).map(\.number))
        let last = try Int64.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'correction'")
        return Opened(
            memory: memory, kept: kept, lastRevision: try row.value(2), lastSequence: last ?? 0,
            isVacuumDue: try StateSchema.isVacuumDue(in: database))
    }

    /// How many corrections are in each state.
    package var counts: [CorrectionState: Int] { memory.withLock { $0.states.counts } }

    /// The number of the serving revision; 0 is the base model without one.
    package var serving: Int { memory.withLock { $0.serving.number } }

    /// Why nothing can be written, as far as the last attempt says; nil after one that succeeded.
    package var readOnlyReason: String? { memory.withLock { $0.readOnlyReason } }

    /// Finds out whether anything can be written, and takes over into `readOnlyReason` what comes of it.
    package func tryWriting() async {
        try? await onDatabase { () throws(StorageError) in
            try self.write { writer in
                // Back and forth, and as much as a long correction: a page or two may fit where no correction does.
                let database = writer.database
                let name = try String.fetchOne(database, sql: "SELECT base_name FROM service") ?? ""
                for text in [name + String(repeating: " ", count: 1 << 16), name] {
                    try database.execute(sql: "UPDATE service SET base_name = ?", arguments: [text])
                }
            }
        }
    }

    /// The number of the last change of any correction.
    package var lastChange: Int64 { memory.withLock { $0.change } }

    /// How SQLite keeps the data, as it says itself: journal mode, locking mode, and `synchronous` (2 is FULL).
    package func durability() async throws(StorageError) -> String {
        try await onDatabase { () throws(StorageError) in
            let settings = try self.database.settings()
            return "\(settings.journalMode) \(settings.lockingMode) \(settings.synchronous)"
        }
    }

    /// Finishes what is under way, closes the database and gives the directory's lock back.
    package func close() async {
        try? await onFiles {}
        try? await onDatabase {
            self.database.close()
            self.lock.release()
        }
    }
}

extension StateStore {
    /// Runs `work` on the queue that asks SQLite.
    func onDatabase<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await on(databaseQueue, work)
    }

    /// Runs `work` on the queue that writes revision directories.
    func onFiles<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await on(filesQueue, work)
    }

    /// Runs `work` on the queue that reads manifests, which are as long as the journal.
    func onManifests<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await on(manifestsQueue, work)
    }

    /// Runs `work` on the queue that asks SQLite, and waits; for the other queues.
    func waitForDatabase<Value>(_ work: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        try databaseQueue.sync { Result(catching: work) }.get()
    }

    /// Reads from the database; on its queue.
    func read<Value>(_ work: (Database) throws -> Value) throws(StorageError) -> Value {
        try database.read(work)
    }

    /// Runs a transaction over the journal and takes its changes over into memory; on the database's queue.
    ///
    /// After a failed commit what is on disk is read again, now or before the next transaction.
    func write<Value>(_ work: (inout JournalWriter) throws -> Value) throws(StorageError) -> Value {
        do {
            if memory.withLock({ $0.isStale }) { try reload() }
            let (serving, change) = memory.withLock { ($0.serving, $0.change) }
            let (value, writer) = try database.write { database in
                var writer = JournalWriter(database, serving: serving, change: change)
                let value = try work(&writer)
                return (value, writer)
            }
            let hadFailed = memory.withLock { memory in
                defer { memory.apply(writer) }
                return memory.readOnlyReason != nil
            }
            if hadFailed { options.logger.notice("the state is written again") }
            return value
        } catch {
            if error.code == .durabilityUnknown {
                memory.withLock { $0.isStale = true }
                try? reload()
            }
            if [.readOnly, .durabilityUnknown, .inputOutput, .corrupt, .locked].contains(error.code) {
                let isNews = memory.withLock { memory in
                    defer { memory.readOnlyReason = error.text }
                    return memory.readOnlyReason != error.text
                }
                if isNews { options.logger.error("the state was not written", metadata: ["reason": "\(error.text)"]) }
            }
            throw error
        }
    }

    private func reload() throws(StorageError) {
        let read = try database.read { try StateMemory($0) }
        memory.withLock { $0 = read }
    }

    private func on<Value: Sendable>(
        _ queue: DispatchQueue, _ work: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }
}
