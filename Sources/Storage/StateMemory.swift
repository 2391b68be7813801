import GRDB

/// The serving revision, and the corrections that it was made from.
struct ServingSets: Sendable {
    var number = 0
    var head = SequenceSet()
    var body = SequenceSet()
    var holdout = SequenceSet()
    /// All that left a trace in it.
    var seen = SequenceSet()

    /// The base model without a revision, which has learnt nothing.
    init() {}

    init(_ manifest: RevisionManifest) {
        number = manifest.revision
        head = manifest.corrections.head.sequences
        body = manifest.corrections.body.sequences
        holdout = manifest.corrections.holdout.sequences
        seen = manifest.corrections.seen
    }
}

/// The corrections in each state.
struct StateSets: Sendable {
    private var sets: [CorrectionState: SequenceSet] = [:]

    subscript(state: CorrectionState) -> SequenceSet { sets[state] ?? SequenceSet() }

    var live: SequenceSet { self[.queued].union(self[.learnt]) }

    var counts: [CorrectionState: Int] {
        Dictionary(uniqueKeysWithValues: CorrectionState.allCases.map { ($0, sets[$0]?.count ?? 0) })
    }

    mutating func insert(_ sequence: Int64, _ state: CorrectionState) {
        sets[state, default: SequenceSet()].insert(sequence)
    }

    mutating func apply(_ moves: some Sequence<JournalWriter.Move>) {
        for move in moves {
            if let from = move.from { sets[from]?.remove(move.sequence) }
            insert(move.sequence, move.to)
        }
    }
}

/// What the store knows without asking the database: it is read at start, and follows every commit.
struct StateMemory: Sendable {
    var states = StateSets()
    var serving = ServingSets()
    /// The last change number given.
    var change: Int64 = 0
    /// The highest number of any burst on record.
    var lastBurst = 0
    /// The corrections whose content was erased.
    var purged = SequenceSet()
    /// Why the last write failed, until one succeeds.
    var readOnlyReason: String?
    /// Whether a commit failed so that the database must be read again first.
    var isStale = false

    init() {}

    /// Reads all states, which takes time proportional to the journal.
    init(_ database: Database) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT sequence, state FROM correction ORDER BY state, sequence")
        while let row = try rows.next() {
            let sequence: Int64 = try row.value(0)
            guard sequence > 0, sequence < .max else {
                throw StorageError(.corrupt, "the journal has a correction with the sequence \(sequence)")
            }
            states.insert(sequence, try row.state(1, sequence: sequence))
        }
        change = try Int64.fetchOne(database, sql: "SELECT max(change) FROM correction") ?? 0
        for sequence in try Int64.fetchAll(database, sql: "SELECT sequence FROM correction WHERE purged = 1") {
            guard states[.retracted].contains(sequence) else {
                throw StorageError(.corrupt, "correction \(sequence) is purged, but was not taken back")
            }
            purged.insert(sequence)
        }
        lastBurst = try BurstRecord.lastID(in: database)
        let number: Int = try Int.fetchOne(database, sql: "SELECT serving FROM service") ?? 0
        if number != 0 { serving = ServingSets(try RevisionRow.kept(number, in: database).manifest()) }
    }

    /// Takes over what a transaction changed.
    mutating func apply(_ writer: JournalWriter) {
        states.apply(writer.moves)
        serving = writer.serving
        change = writer.change
        lastBurst = max(lastBurst, writer.burst)
        if !writer.purged.isEmpty { purged = purged.union(writer.purged) }
        readOnlyReason = nil
    }
}
