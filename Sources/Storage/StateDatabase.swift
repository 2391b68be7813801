import Foundation
import GRDB
import Logging
import Synchronization

/// The one SQLite connection of a state directory.
///
/// SQLite syncs its log with every commit and keeps the file to this connection alone. Calls block: they belong on the
/// store's own queue.
final class StateDatabase: Sendable {
    private let path: String
    private let files: FileSystem
    private let connection: Mutex<Connection>

    private enum Connection {
        case open(DatabaseQueue)
        /// A commit failed, and what is on disk has not been looked at since.
        case lost
        case closed
    }

    /// Opens the database at `path`, or makes it, and checks all of it.
    init(path: String, files: FileSystem) throws(StorageError) {
        self.path = path
        self.files = files
        connection = Mutex(.open(try Self.connect(path)))
        try read(Self.check)
    }

    /// What SQLite says of how it keeps data.
    struct Settings: Equatable, Sendable {
        let journalMode: String
        let lockingMode: String
        /// 2 is FULL.
        let synchronous: Int
        /// Whether what is deleted is overwritten.
        let secureDelete: Bool
    }

    func settings() throws(StorageError) -> Settings {
        try read(Self.settings)
    }

    /// Reads in the state as of the last commit.
    func read<Value>(_ work: (Database) throws -> Value) throws(StorageError) -> Value {
        let queue = try open()
        do {
            return try queue.inDatabase(work)
        } catch {
            throw Self.translate(error, "read \(path)")
        }
    }

    /// Runs `work` in a transaction and commits it.
    ///
    /// - Throws: what `work` throws, with nothing changed; `readOnly` when there is no room, with nothing changed;
    ///   `durabilityUnknown` when the commit itself failed. After that the database is closed, and the next call opens
    ///   it anew and reads what is there.
    func write<Value>(_ work: (Database) throws -> Value) throws(StorageError) -> Value {
        let queue = try open()
        var isCommitting = false
        var isCommitted = false
        do {
            return try queue.inDatabase { database in
                var result: Value?
                try database.inTransaction(.immediate) {
                    result = try work(database)
                    try files.announce(.commit)
                    isCommitting = true
                    return .commit
                }
                isCommitted = true
                try files.announce(.committed)
                guard let result else { throw StorageError(.durabilityUnknown, "the transaction was not run") }
                return result
            }
        } catch {
            let translated = Self.translate(error, "write \(path)")
            guard isCommitted || (isCommitting && translated.code != .readOnly) else { throw translated }
            // Not one more sync of a log whose sync failed: let go of it, and look at what there is with new eyes.
            connection.withLock { $0 = .lost }
            try? queue.close()
            throw StorageError(
                .durabilityUnknown, "the commit failed, and whether it holds is not known: \(translated.text)")
        }
    }

    /// A copy of the whole database in a new file.
    func copy(to path: String) throws(StorageError) {
        let queue = try open()
        do {
            try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        } catch {
            throw Self.translate(error, "copy the state to \(path)")
        }
    }

    /// Writes the database anew, so that free pages and the log have nothing of what was erased before.
    ///
    /// Takes time and room proportional to the database. What it says does not change, whatever is thrown.
    func rebuild() throws(StorageError) {
        let queue = try open()
        do {
            try queue.inDatabase { database in
                try files.announce(.rebuild)
                try checkRoom(database)
                try database.execute(sql: "VACUUM")
                try files.announce(.emptyLog)
                try emptyLog(database)
            }
        } catch {
            let translated = Self.translate(error, "rebuild \(path)")
            if translated.code != .readOnly {
                connection.withLock { $0 = .lost }
                try? queue.close()
            } else {
                // Where there was too little room all the same, what was written of the copy still fills the log.
                try? queue.inDatabase(emptyLog)
            }
            throw translated
        }
    }

    func close() {
        let last = connection.withLock { connection in
            defer { connection = .closed }
            return connection
        }
        if case .open(let queue) = last { try? queue.close() }
    }

    /// Opens the database again if a failed commit closed it, and moves what is in its log into it, durably.
    private func open() throws(StorageError) -> DatabaseQueue {
        switch connection.withLock({ $0 }) {
        case .open(let queue): return queue
        case .closed: throw StorageError(.closed, "the state was closed")
        case .lost: break
        }
        try files.announce(.reopen)
        let queue = try Self.connect(path)
        do {
            try queue.inDatabase(emptyLog)
        } catch {
            throw Self.translate(error, "recover \(path)")
        }
        // SQLite syncs the name of a log that it makes, and does not mind when that fails.
        try files.sync(URL(filePath: path).deletingLastPathComponent().path)
        connection.withLock { $0 = .open(queue) }
        return queue
    }

    /// Throws unless there is room for a copy of the database in its log; the log is empty then.
    ///
    /// To find out by writing would fill the disk, and leave no room for the log to be emptied either.
    private func checkRoom(_ database: Database) throws {
        try emptyLog(database)
        var system = statvfs()
        guard unsafe statvfs(path, &system) == 0 else { return }
        let (free, block) = (UInt64(system.f_bavail), UInt64(system.f_frsize))
        let pages = try UInt64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let size = try UInt64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        // A header goes before each page in the log.
        let needed = pages * (size + 24) + 32
        guard free * block >= needed else {
            throw StorageError(
                .readOnly, "cannot rebuild \(path): it takes \(needed) bytes, and \(free * block) are free",
                because: .full)
        }
    }

    /// Moves what is in the log into the database, durably, and leaves the log empty.
    private func emptyLog(_ database: Database) throws {
        let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        guard row?[0] == 0 else { throw StorageError(.readOnly, "the log of \(path) cannot be moved into it") }
    }
}

extension StateDatabase {
    private static func connect(_ path: String) throws(StorageError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "state"
        configuration.prepareDatabase { database in
            // Not through `journalMode`, which would undo FULL. Exclusive first: the log then needs no shared memory.
            try database.execute(
                sql: """
                    PRAGMA locking_mode = EXCLUSIVE;
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = FULL;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA secure_delete = ON;
                    """)
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let settings = try queue.inDatabase(settings)
            guard settings == expectedSettings else {
                throw StorageError(.inputOutput, "SQLite does not keep \(path) as it was told to: \(settings)")
            }
            return queue
        } catch {
            throw translate(error, "open \(path)")
        }
    }

    private static let expectedSettings = Settings(
        journalMode: "wal", lockingMode: "exclusive", synchronous: 2, secureDelete: true)

    private static func settings(_ database: Database) throws -> Settings {
        Settings(
            journalMode: try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "",
            lockingMode: try String.fetchOne(database, sql: "PRAGMA locking_mode") ?? "",
            synchronous: try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1,
            secureDelete: try Int.fetchOne(database, sql: "PRAGMA secure_delete") == 1)
    }

    /// Checks all pages, and that tables and indexes say the same: keys have no digest.
    private static func check(_ database: Database) throws {
        let finding = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? "no answer"
        guard finding == "ok" else { throw StorageError(.corrupt, "the state's database is damaged: \(finding)") }
    }

    private static func translate(_ error: any Error, _ operation: String) -> StorageError {
        if let error = error as? StorageError { return error }
        guard let error = error as? DatabaseError else {
            return StorageError(.inputOutput, "cannot \(operation): \(error)")
        }
        let reason = "\(error.message ?? "no reason given") (SQLite \(error.extendedResultCode.rawValue))"
        let code: StorageError.Code =
            switch error.resultCode {
            case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: .readOnly
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt
            case .SQLITE_BUSY, .SQLITE_LOCKED: .locked
            default: .inputOutput
            }
        return StorageError(
            code, "cannot \(operation): \(reason)", because: error.resultCode == .SQLITE_FULL ? .full : nil)
    }
}
