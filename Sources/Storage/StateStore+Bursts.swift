import GRDB
import Synchronization

extension StateStore {
    /// Records a burst that came to nothing, or one of the head alone with the revision that served at its end; one whose body
    /// is published is recorded by `publish`.
    ///
    /// The last 1,000 records are kept.
    ///
    /// - Throws: `StorageError` with `conflict` if a burst has, or may have had, its number.
    package func append(_ burst: BurstRecord) async throws(StorageError) {
        guard burst.outcome != .published || burst.revision != nil else {
            throw StorageError(.invalid, "burst \(burst.id) is recorded with its revision, or not as published")
        }
        try await onDatabase { () throws(StorageError) in try self.write { try $0.append(burst) } }
    }

    /// The last `limit` bursts, newest first.
    package func bursts(limit: Int) async throws(StorageError) -> [BurstRecord] {
        try await onDatabase { () throws(StorageError) in
            try self.read { try BurstRecord.last(min(max(limit, 0), BurstRecord.keptCount), in: $0) }
        }
    }

    /// The highest number of any burst on record; 0 if there is none.
    package var lastBurstID: Int { memory.withLock { $0.lastBurst } }
}
