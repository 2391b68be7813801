import Foundation
import GRDB
import Logging

/// Makes a new database of what can be read of a damaged one, which is set aside.
///
/// Corrections are read one by one, so that a page that cannot be read takes only its own with it; one that is not what
/// was committed stays behind. Revisions are those whose directories are there.
struct StateSalvage {
    let directory: StateDirectory
    let base: BaseModelIdentity
    let logger: Logger

    /// What was read.
    private struct Found {
        var kept: Int64 = 0
        var lastSequence: Int64 = 0
        var serving: Int?
        var lastRevision = 0
        var pinned: Set<Int> = []
    }

    /// - Parameter cause: what is wrong with the database.
    /// - Throws: `StorageError`; then everything is as it was.
    func run(because cause: StorageError) throws(StorageError) {
        logger.critical("the journal is damaged", metadata: ["reason": "\(cause.text)"])
        let files = directory.files
        let folder = directory.snapshotPath()
        defer { try? files.remove(folder) }
        try files.makeDirectory(folder)
        // SQLite changes what it opens, so it gets a copy.
        let old = "\(folder)/old.sqlite"
        for suffix in ["", "-wal"] where FileSystem.exists(directory.database + suffix) {
            try copy(directory.database + suffix, to: old + suffix)
        }
        let new = "\(folder)/new.sqlite"
        let found = try transfer(from: old, through: "\(folder)/transfer.sqlite", to: new)
        guard found.kept > 0 else {
            throw StorageError(
                .corrupt,
                """
                \(cause.text); no correction in it can be read, so nothing was changed: put state.sqlite back from a \
                backup, or move the whole state directory away to begin anew
                """)
        }
        try files.protect(new)
        try files.sync(new)
        try files.rename(new, to: directory.salvaged)
        let aside = try directory.finishSalvage() ?? ""
        logger.critical(
            "a damaged journal was set aside",
            metadata: ["aside": "\(aside)", "kept": "\(found.kept)", "lost": "\(found.lastSequence - found.kept)"])
    }

    private func copy(_ path: String, to new: String) throws(StorageError) {
        try directory.files.announce(.write(URL(filePath: new).lastPathComponent))
        do {
            try FileManager.default.copyItem(atPath: path, toPath: new)
        } catch {
            throw StorageError(.readOnly, "there is no room beside \(path) for what can be read of it: \(error)")
        }
    }

    private func transfer(from old: String, through path: String, to new: String) throws(StorageError) -> Found {
        let target = try StateDatabase(path: path, files: directory.files)
        defer { target.close() }
        let manifests = try directory.manifests()
        let source = try? DatabaseQueue(path: old)
        defer { try? source?.close() }
        let found = try target.write { database in
            var found = Found()
            try StateSchema.migrate(database, base: base, isNew: true)
            try source?.inDatabase { try take(from: $0, into: database, &found) }
            try finish(database, manifests, &found)
            return found
        }
        // One file, without a log beside it.
        try target.copy(to: new)
        return found
    }

    /// Takes what the database alone has.
    private func take(from source: Database, into database: Database, _ found: inout Found) throws {
        if let row = try? Row.fetchOne(source, sql: "SELECT serving, last_revision FROM service") {
            found.serving = try? row.value(0)
            found.lastRevision = (try? row.value(1)) ?? 0
        }
        found.pinned = Set((try? Int.fetchAll(source, sql: "SELECT number FROM revision WHERE pinned = 1")) ?? [])
        for burst in ((try? BurstRecord.last(BurstRecord.keptCount, in: source)) ?? []).reversed() {
            try burst.insert(into: database)
        }
        func number(_ sql: String) -> Int64 { (try? Int64.fetchOne(source, sql: sql)) ?? 0 }
        let last = max(
            number("SELECT seq FROM sqlite_sequence WHERE name = 'correction'"),
            number("SELECT max(sequence) FROM correction"))
        // With two digests a row takes 64 bytes at least: a counter that says more is damaged.
        let most = number("SELECT page_count * page_size / 64 FROM pragma_page_count, pragma_page_size")
        found.lastSequence = max(0, min(last, most))
        guard found.lastSequence > 0 else { return }
        let places = Correction.columns.split(separator: ",").map { _ in "?" }.joined(separator: ", ")
        for sequence in 1...found.lastSequence {
            let read = try? Row.fetchOne(
                source, sql: "SELECT \(Correction.columns) FROM correction WHERE sequence = ?", arguments: [sequence])
            guard let read, (try? Correction(read, bodySet: SequenceSet(), holdout: SequenceSet())) != nil else {
                continue
            }
            do {
                try database.execute(
                    sql: "INSERT INTO correction (\(Correction.columns)) VALUES (\(places))",
                    arguments: StatementArguments(Array(read.databaseValues)))
                found.kept += 1
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                // What must be there once was there before: this one is damaged where no digest tells.
                logger.error("a correction cannot be kept", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Names the revisions and the one that serves, and settles the corrections' states by it.
    private func finish(
        _ database: Database, _ manifests: [(content: RevisionManifest, text: String)], _ found: inout Found
    ) throws {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for (manifest, text) in manifests {
            let created = (try? format.parse(manifest.created)) ?? Date(timeIntervalSince1970: 0)
            try RevisionRow.insert(manifest, text: text, created: created, into: database)
            if found.pinned.contains(manifest.revision) {
                try database.execute(
                    sql: "UPDATE revision SET pinned = 1 WHERE number = ?", arguments: [manifest.revision])
            }
            found.lastRevision = max(found.lastRevision, manifest.revision)
            // No number is given twice, also of what is lost.
            found.lastSequence = max(found.lastSequence, manifest.corrections.seen.ranges.last?.upperBound ?? 0)
        }
        let own = manifests.map(\.content).filter { $0.baseModel.digest == base.digest }
        let serving = own.first { $0.revision == found.serving } ?? (found.serving == 0 ? nil : own.last)
        try database.execute(
            sql: "UPDATE service SET serving = ?, last_revision = ?",
            arguments: [serving?.revision ?? 0, found.lastRevision])
        try database.execute(sql: "DELETE FROM sqlite_sequence WHERE name = 'correction'")
        try database.execute(
            sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('correction', ?)", arguments: [found.lastSequence])
        let memory = try StateMemory(database)
        var writer = JournalWriter(database, serving: memory.serving, change: memory.change)
        let unsettled = memory.states[.learnt].subtracting(memory.serving.head)
            .union(memory.states[.queued].intersection(memory.serving.head))
        for sequence in unsettled.elements { try writer.admit(writer.existing(sequence)) }
    }
}
