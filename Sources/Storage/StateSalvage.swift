import Foundation
import GRDB
import Glibc
import Logging

/// Takes what can be read of a damaged database into a new one, and sets the damaged one aside.
struct StateSalvage {
    let directory: StateDirectory
    let base: BaseModelIdentity
    let logger: Logger

    /// The name under which a damaged database is kept, before its number.
    static let asidePrefix = "damaged-"

    private struct Found {
        var rows: [(sequence: Int64, state: CorrectionState, input: Data)] = []
        var lost = 0
        var serving: Int?
        var lastRevision = 0
        var lastSequence: Int64 = 0
        var pinned: Set<Int> = []
        var manifests: [(manifest: RevisionManifest, text: String)] = []
    }

    /// - Parameter cause: what is wrong with it; thrown again where nothing should be done about it.
    func run(because cause: StorageError) throws(StorageError) {
        logger.critical("the journal is damaged; keeping what can be read", metadata: ["reason": "\(cause.text)"])
        let folder = directory.snapshotPath()
        do {
            try directory.files.makeDirectory(folder)
            let aside = try setAside()
            let old = "\(folder)/old.sqlite"
            try copy("\(aside)", to: old)
            if FileSystem.exists("\(aside)-wal") { try copy("\(aside)-wal", to: "\(old)-wal") }
            let new = "\(folder)/new.sqlite"
            let found = try transfer(from: old, to: new, because: cause)
            try directory.files.protect(new)
            try directory.files.sync(new)
            // In this order: a log must never lie beside a database that it was not made for.
            try remove("\(directory.database)-wal")
            guard unsafe Glibc.rename(new, directory.database) == 0 else {
                throw .system("replace", directory.database, errno)
            }
            try directory.files.sync(directory.path)
            try directory.files.remove(folder)
            logger.critical(
                "a damaged journal was set aside and a new one made of what could be read",
                metadata: [
                    "aside": "\(aside)", "kept": "\(found.rows.count)", "lost": "\(found.lost)",
                    "revisions": "\(found.manifests.count)",
                ])
        } catch {
            try? directory.files.remove(folder)
            throw error
        }
    }

    /// Gives the damaged files a second name each, durably; they keep their first until the new ones are ready.
    private func setAside() throws(StorageError) -> String {
        var number = 1
        while FileSystem.exists(name(number)) || FileSystem.exists("\(name(number))-wal") { number += 1 }
        let aside = name(number)
        if FileSystem.exists("\(directory.database)-wal") {
            try directory.files.link("\(directory.database)-wal", as: "\(aside)-wal")
        }
        try directory.files.link(directory.database, as: aside)
        try directory.files.sync(directory.path)
        return aside
    }

    private func name(_ number: Int) -> String { "\(directory.path)/\(Self.asidePrefix)\(number).sqlite" }

    private func copy(_ path: String, to new: String) throws(StorageError) {
        do {
            try FileManager.default.copyItem(atPath: path, toPath: new)
        } catch {
            throw StorageError(.readOnly, "cannot copy \(path) to read it: \(error)")
        }
    }

    private func remove(_ path: String) throws(StorageError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path, errno) }
    }

    /// Makes the new database.
    private func transfer(
        from old: String, to new: String, because cause: StorageError
    ) throws(StorageError) -> Found {
        let target = try StateDatabase(path: new, files: directory.files)
        defer { target.close() }
        var found = Found()
        found.manifests = manifests()
        let source = try? DatabaseQueue(path: old)
        defer { try? source?.close() }
        return try target.write { database in
            try StateSchema.migrate(database, base: base)
            if let source { try source.inDatabase { try take($0, into: database, &found, because: cause) } }
            try finish(database, &found)
            return found
        }
    }

    /// The manifests of the revisions whose directories are there, of this base model.
    private func manifests() -> [(manifest: RevisionManifest, text: String)] {
        let names = (try? FileSystem.contents(directory.revisions)) ?? []
        return names.compactMap { name in
            guard let number = Int(name), StateDirectory.name(of: number) == name else { return nil }
            let path = "\(directory.path(of: number))/\(RevisionManifest.fileName)"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let manifest = try? RevisionManifest(text: text, path: path),
                manifest.revision == number, manifest.baseModel.digest == base.digest
            else {
                logger.error("a revision's manifest cannot be read, so it goes", metadata: ["revision": "\(name)"])
                return nil
            }
            return (manifest, text)
        }
    }

    /// Copies row by row: a page that cannot be read takes only its own rows with it.
    private func take(
        _ source: Database, into database: Database, _ found: inout Found, because cause: StorageError
    ) throws {
        if let row = try? Row.fetchOne(source, sql: "SELECT base_digest, serving, last_revision FROM service") {
            // Not ours to mend: with its own model it may be.
            if let digest: String = try? row.value(0), digest != base.digest { throw cause }
            found.serving = try? row.value(1)
            found.lastRevision = (try? row.value(2)) ?? 0
        }
        found.pinned = Set((try? Int.fetchAll(source, sql: "SELECT number FROM revision WHERE pinned = 1")) ?? [])
        let counters = ["SELECT seq FROM sqlite_sequence WHERE name = 'correction'", "SELECT max(sequence) FROM correction"]
        let seen = found.manifests.compactMap { $0.manifest.corrections.seen.ranges.last?.upperBound }
        found.lastSequence = (counters.compactMap { try? Int64.fetchOne(source, sql: $0) } + seen).max() ?? 0
        // A number that no journal of this size can have is damage, too.
        let pages = (try? Int64.fetchOne(source, sql: "PRAGMA page_count")) ?? 0
        let last = min(found.lastSequence, max(pages, 1) * 4096)
        guard last > 0 else { return }
        for sequence in 1...last {
            do {
                guard
                    let row = try Row.fetchOne(
                        source, sql: "SELECT \(Correction.columns) FROM correction WHERE sequence = ?",
                        arguments: [sequence])
                else {
                    found.lost += 1
                    continue
                }
                let correction = try Correction(row, bodySet: SequenceSet(), holdout: SequenceSet())
                try insert(row, into: database, change: sequence)
                found.rows.append((sequence, correction.state, try row.value(13)))
            } catch {
                found.lost += 1
            }
        }
        for burst in (try? BurstRecord.last(BurstRecord.keptCount, in: source)) ?? [] { try? burst.insert(into: database) }
    }

    private func insert(_ row: Row, into database: Database, change: Int64) throws {
        var values: [DatabaseValue] = row.databaseValues.map { $0 }
        values[17] = change.databaseValue
        let places = Array(repeating: "?", count: values.count).joined(separator: ", ")
        try database.execute(
            sql: "INSERT INTO correction (\(Correction.columns)) VALUES (\(places))",
            arguments: StatementArguments(values))
    }

    /// Names the revisions and the one that serves, and settles the states by it.
    private func finish(_ database: Database, _ found: inout Found) throws {
        for (manifest, text) in found.manifests {
            let created = (try? Date(manifest.created, strategy: .iso8601)) ?? Date(timeIntervalSince1970: 0)
            try RevisionRow.insert(manifest, text: text, created: created, into: database)
            if found.pinned.contains(manifest.revision) {
                try database.execute(
                    sql: "UPDATE revision SET pinned = 1 WHERE number = ?", arguments: [manifest.revision])
            }
        }
        let numbers = found.manifests.map(\.manifest.revision)
        let serving = found.serving.flatMap { $0 == 0 || numbers.contains($0) ? $0 : nil } ?? numbers.max() ?? 0
        try database.execute(
            sql: "UPDATE service SET serving = ?, last_revision = ?",
            arguments: [serving, max(found.lastRevision, numbers.max() ?? 0)])
        // No sequence is given twice, also of those that are lost.
        try database.execute(sql: "DELETE FROM sqlite_sequence WHERE name = 'correction'")
        try database.execute(
            sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('correction', ?)", arguments: [found.lastSequence])
        let head = found.manifests.first { $0.manifest.revision == serving }?.manifest.corrections.head.sequences
        var live: [Data: Int64] = [:]
        for row in found.rows where row.state.isLive || row.state == .superseded { live[row.input] = row.sequence }
        for row in found.rows where row.state.isLive || row.state == .superseded {
            let isLearnt = head?.contains(row.sequence) ?? false
            let state: CorrectionState =
                live[row.input] == row.sequence ? (isLearnt ? .learnt : .queued) : .superseded
            guard state != row.state else { continue }
            try database.execute(
                sql: "UPDATE correction SET state = ?, revision = ?, reason = NULL WHERE sequence = ?",
                arguments: [state.rawValue, state == .learnt ? serving : nil, row.sequence])
        }
    }
}
