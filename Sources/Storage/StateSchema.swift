import GRDB

/// The tables of state.sqlite, version by version.
enum StateSchema {
    /// The `user_version` that this code reads and writes.
    static let version = 2
    /// Marks the file as attuned's ("attn").
    private static let applicationID = 0x6174_746e

    /// Brings an empty or older database up to `version`; run it in a transaction.
    ///
    /// - Parameter isNew: whether nothing else of a state is there yet, so that the database may be empty.
    /// - Throws: `StorageError` with `newerFormat` if the database is newer, `corrupt` if it is somebody else's.
    static func migrate(_ database: Database, base: BaseModelIdentity, isNew: Bool) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw StorageError(
                .newerFormat,
                "the state has format \(found), written by a newer attuned; this one reads up to \(version)")
        }
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard owner == applicationID || (found == 0 && owner == 0 && tables == 0) else {
            throw StorageError(.invalid, "the state's database was not made by attuned")
        }
        guard isNew || tables > 0 else {
            // To begin anew here would sweep the revisions away as well.
            throw StorageError(
                .corrupt,
                """
                state.sqlite is empty, though there are revisions beside it: the journal of corrections is lost or \
                elsewhere; put it back from a backup, or move the whole state directory away to begin anew
                """)
        }
        guard found < version else { return }
        if found < 1 { try createTables(database, base: base) }
        if found < 2 { try addBurstsAndPurges(database) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }

    /// Whether something was erased that may be left in free pages or the log.
    static func isVacuumDue(in database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT vacuum_due FROM service") != 0
    }

    static func setVacuumDue(_ isDue: Bool, in database: Database) throws {
        try database.execute(sql: "UPDATE service SET vacuum_due = ?", arguments: [isDue ? 1 : 0])
    }

    private static func createTables(_ database: Database, base: BaseModelIdentity) throws {
        try database.execute(
            sql: """
                -- One row: what all else depends on.
                CREATE TABLE service (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    base_name TEXT NOT NULL,
                    base_digest TEXT NOT NULL,
                    serving INTEGER NOT NULL,          -- 0: the base model, without a revision
                    last_revision INTEGER NOT NULL     -- the highest number ever given
                ) STRICT;

                CREATE TABLE correction (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    uid INTEGER NOT NULL,
                    task TEXT NOT NULL,
                    text TEXT NOT NULL,
                    text_pair TEXT,
                    label TEXT NOT NULL,
                    weight REAL NOT NULL,
                    slice TEXT,
                    idempotency_key TEXT,
                    predicted TEXT,
                    predicted_revision INTEGER,
                    created INTEGER NOT NULL,          -- milliseconds since 1970
                    digest BLOB NOT NULL,              -- SHA-256 of what is learnt
                    input_digest BLOB NOT NULL,        -- SHA-256 of what it is an answer to
                    state TEXT NOT NULL,
                    reason TEXT,
                    revision INTEGER,                  -- the first that learnt it
                    change INTEGER NOT NULL            -- grows with every change of any row
                ) STRICT;
                CREATE UNIQUE INDEX correction_key ON correction (uid, idempotency_key)
                    WHERE idempotency_key IS NOT NULL;
                CREATE INDEX correction_input ON correction (input_digest, state, sequence);
                CREATE INDEX correction_state ON correction (state, sequence);
                CREATE UNIQUE INDEX correction_change ON correction (change);

                CREATE TABLE revision (
                    number INTEGER PRIMARY KEY,
                    parent INTEGER NOT NULL,
                    body INTEGER NOT NULL,             -- the revision that brought the body; 0: the base model's
                    base_digest TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    pinned INTEGER NOT NULL,
                    manifest TEXT                      -- the text of revision.json; NULL once it is no longer kept
                ) STRICT;
                CREATE INDEX revision_kept ON revision (number) WHERE manifest IS NOT NULL;
                """)
        try database.execute(
            sql: "INSERT INTO service (id, base_name, base_digest, serving, last_revision) VALUES (1, ?, ?, 0, 0)",
            arguments: [base.name, base.digest])
    }

    private static func addBurstsAndPurges(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE burst (
                    id INTEGER PRIMARY KEY,
                    started INTEGER NOT NULL,          -- milliseconds since 1970
                    finished INTEGER NOT NULL,
                    method TEXT NOT NULL,
                    seed INTEGER,                      -- the bits of an unsigned number
                    outcome TEXT NOT NULL,
                    reason TEXT,
                    revision INTEGER,                  -- that it became
                    base INTEGER NOT NULL,             -- the revision that it began from
                    corrections INTEGER NOT NULL,
                    steps INTEGER NOT NULL,
                    details TEXT NOT NULL              -- JSON
                ) STRICT;

                -- 1: all that a client sent was erased, and the row only keeps its place.
                ALTER TABLE correction ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;
                CREATE INDEX correction_purged ON correction (sequence) WHERE purged = 1;

                -- 1: an administrator has brought it back from quarantine, so that it counts against nobody.
                ALTER TABLE correction ADD COLUMN vouched INTEGER NOT NULL DEFAULT 0;

                -- 1: something was erased, and may be left in free pages or the log.
                ALTER TABLE service ADD COLUMN vacuum_due INTEGER NOT NULL DEFAULT 0;
                """)
    }
}
