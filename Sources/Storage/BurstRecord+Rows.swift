import Foundation
import GRDB

extension BurstRecord {
    /// How many records are kept.
    static let keptCount = 1_000

    private static let columns =
        "id, started, finished, method, seed, outcome, reason, revision, base, corrections, steps, details"

    private init(_ row: Row) throws {
        let id: Int = try row.value(0)
        let name: String = try row.value(5)
        guard let outcome = Outcome(rawValue: name) else {
            throw StorageError(.corrupt, "burst \(id) has the unknown outcome '\(name)'")
        }
        let details: String = try row.value(11)
        do {
            self.details = try JSONDecoder().decode(JSONValue.self, from: Data(details.utf8))
        } catch {
            throw StorageError(.corrupt, "the details of burst \(id) are not JSON")
        }
        self.id = id
        self.outcome = outcome
        started = Date(milliseconds: try row.value(1))
        finished = Date(milliseconds: try row.value(2))
        method = try row.value(3)
        seed = (try row.optional(4) as Int64?).map { UInt64(bitPattern: $0) }
        reason = try row.optional(6)
        revision = try row.optional(7)
        base = try row.value(8)
        corrections = try row.value(9)
        steps = try row.value(10)
    }

    /// The last `limit` records, newest first.
    static func last(_ limit: Int, in database: Database) throws -> [BurstRecord] {
        try Row.fetchAll(
            database, sql: "SELECT \(columns) FROM burst ORDER BY id DESC LIMIT ?", arguments: [limit]
        ).map(BurstRecord.init)
    }

    static func lastID(in database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT max(id) FROM burst") ?? 0
    }

    /// Checks that no burst has the number, and that none can have had it.
    ///
    /// - Throws: `StorageError` with `conflict`.
    static func checkFree(_ id: Int, in database: Database) throws {
        let isTaken = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM burst WHERE id = ?)", arguments: [id])
        guard isTaken != true else { throw StorageError(.conflict, "there is a burst \(id) already") }
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM burst") ?? 0
        let first = try Int.fetchOne(database, sql: "SELECT min(id) FROM burst") ?? 0
        guard count < keptCount || id > first else {
            throw StorageError(.conflict, "burst \(id) would be older than all that are kept")
        }
    }

    /// Inserts the record and deletes the oldest ones beyond `keptCount`.
    func insert(into database: Database) throws {
        try validate()
        try Self.checkFree(id, in: database)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text: String
        do {
            text = String(decoding: try encoder.encode(details), as: UTF8.self)
        } catch {
            throw StorageError(.invalid, "the details of burst \(id) cannot be written as JSON: \(error)")
        }
        try database.execute(
            sql: "INSERT INTO burst (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                id, started.milliseconds, finished.milliseconds, method, seed.map { Int64(bitPattern: $0) },
                outcome.rawValue, reason, revision, base, corrections, steps, text,
            ])
        try database.execute(
            sql: "DELETE FROM burst WHERE id <= (SELECT id FROM burst ORDER BY id DESC LIMIT 1 OFFSET ?)",
            arguments: [Self.keptCount])
    }
}
