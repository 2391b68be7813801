import Foundation
import GRDB

/// A revision as the database has it.
struct RevisionRow: Sendable {
    let number: Int
    let parent: Int
    let body: Int
    let baseDigest: String
    let created: Int64
    let isPinned: Bool
    /// The text of revision.json.
    let text: String

    private static let columns = "number, parent, body, base_digest, created, pinned, manifest"

    private init(_ row: Row) throws {
        number = try row.value(0)
        parent = try row.value(1)
        body = try row.value(2)
        baseDigest = try row.value(3)
        created = try row.value(4)
        isPinned = try row.value(5) as Int != 0
        text = try row.value(6)
    }

    /// The revisions that are kept, newest first.
    static func allKept(in database: Database) throws -> [RevisionRow] {
        try Row.fetchAll(
            database, sql: "SELECT \(columns) FROM revision WHERE manifest IS NOT NULL ORDER BY number DESC"
        ).map(RevisionRow.init)
    }

    /// A revision that is kept.
    ///
    /// - Throws: `StorageError` with `notFound` for one that never was or is no longer.
    static func kept(_ number: Int, in database: Database) throws -> RevisionRow {
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT \(columns) FROM revision WHERE number = ? AND manifest IS NOT NULL",
                arguments: [number])
        else { throw StorageError(.notFound, "there is no revision \(number), or it is no longer kept") }
        return try RevisionRow(row)
    }

    static func insert(_ manifest: RevisionManifest, text: String, created: Date, into database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO revision (number, parent, body, base_digest, created, pinned, manifest)
                VALUES (?, ?, ?, ?, ?, 0, ?)
                """,
            arguments: [
                manifest.revision, manifest.parent, manifest.body, manifest.baseModel.digest, created.milliseconds,
                text,
            ])
    }

    /// Lets go of the manifests of all revisions that need not be kept, and says which.
    ///
    /// Kept are the pinned ones; of the others the last `revisions`, as far as they have one of their last `bodies`;
    /// `serving` and what it was made from, to fall back to. The base model's body does not count, since it takes no
    /// room.
    static func retain(
        bodies: Int, revisions: Int, serving: Int, in database: Database
    ) throws -> [Int] {
        let kept = try Row.fetchAll(
            database,
            sql: "SELECT number, body FROM revision WHERE manifest IS NOT NULL AND pinned = 0 ORDER BY number DESC")
        var seen: Set<Int> = []
        var removed: [Int] = []
        let servingParent = try Int.fetchOne(
            database, sql: "SELECT parent FROM revision WHERE number = ?", arguments: [serving])
        for (index, row) in kept.enumerated() {
            let number: Int = try row.value(0)
            let body: Int = try row.value(1)
            let hasRecentBody = body == 0 || seen.contains(body) || seen.count < bodies
            if hasRecentBody, body != 0 { seen.insert(body) }
            if number == serving || number == servingParent || (index < revisions && hasRecentBody) { continue }
            removed.append(number)
            try database.execute(
                sql: "UPDATE revision SET manifest = NULL WHERE number = ?", arguments: [number])
        }
        return removed
    }

    /// The kept revisions that one of the `purged` corrections left a trace in, newest first.
    static func tainted(by purged: SequenceSet, in database: Database) throws -> [Int] {
        if purged.isEmpty { return [] }
        return try allKept(in: database).filter {
            try !$0.manifest().corrections.seen.intersection(purged).isEmpty
        }.map(\.number)
    }

    /// Lets go of the manifests of all tainted revisions but the serving one, and says which.
    static func removeTainted(by purged: SequenceSet, serving: Int, in database: Database) throws -> [Int] {
        let removed = try tainted(by: purged, in: database).filter { $0 != serving }
        try letGo(of: removed, in: database)
        return removed
    }

    /// Lets go of the manifests of revisions, pinned or not; their directories are swept later.
    static func letGo(of numbers: some Sequence<Int>, in database: Database) throws {
        for number in numbers {
            try database.execute(
                sql: "UPDATE revision SET manifest = NULL, pinned = 0 WHERE number = ?", arguments: [number])
        }
    }

    func manifest() throws(StorageError) -> RevisionManifest {
        try RevisionManifest(text: text, path: "the manifest of revision \(number)")
    }

    func record(serving: Int) throws(StorageError) -> RevisionRecord {
        RevisionRecord(
            manifest: try manifest(), created: Date(milliseconds: created), isPinned: isPinned,
            isServing: number == serving)
    }
}
