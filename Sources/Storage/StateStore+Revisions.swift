import Foundation
import GRDB
import Logging
import Synchronization

extension StateStore {
    /// The revisions that are kept, newest first.
    package func revisions() async throws(StorageError) -> [RevisionRecord] {
        // Manifests name their corrections one range after another: no append is to wait until they have been
        // understood, and they are in memory once, however many ask.
        try await onManifests { () throws(StorageError) in
            let (rows, serving) = try self.waitForDatabase { () throws(StorageError) in
                (try self.read { try RevisionRow.allKept(in: $0) }, self.serving)
            }
            var records: [RevisionRecord] = []
            for row in rows { records.append(try row.record(serving: serving)) }
            return records
        }
    }

    /// A revision that is kept.
    ///
    /// - Throws: `StorageError` with `notFound` for one that never was or is no longer.
    package func revision(_ number: Int) async throws(StorageError) -> RevisionRecord {
        try await onDatabase { () throws(StorageError) in
            let serving = self.serving
            return try self.read { try RevisionRow.kept(number, in: $0).record(serving: serving) }
        }
    }

    /// Keeps a revision whatever comes, or leaves it to retention again.
    ///
    /// - Throws: `StorageError` with `notFound` for one that is not kept.
    package func pin(_ number: Int, _ isPinned: Bool) async throws(StorageError) {
        try await onDatabase { () throws(StorageError) in
            try self.write { writer in
                _ = try RevisionRow.kept(number, in: writer.database)
                try writer.database.execute(
                    sql: "UPDATE revision SET pinned = ? WHERE number = ?", arguments: [isPinned ? 1 : 0, number])
            }
        }
    }

    /// Makes a kept revision the serving one; 0 is the base model without any.
    ///
    /// Live corrections that it has not learnt become `withheld`; those that it has learnt are live again where a
    /// rollback withheld them, or where only a now withheld one superseded them.
    ///
    /// - Parameter record: what is put on record with it, in the same transaction.
    /// - Throws: `StorageError` with `notFound`, with `conflict` if another revision than `expectedCurrent` serves or if
    ///   it was made with a purged correction, with `otherModel` if it was made from another base model.
    package func activate(
        _ number: Int, expectedCurrent: Int? = nil, record: BurstRecord? = nil
    ) async throws(StorageError) -> Activation {
        try await onFiles { () throws(StorageError) in
            let activation = try self.waitForDatabase { () throws(StorageError) in
                try self.write { writer in
                    let activation = try self.activate(number, expectedCurrent: expectedCurrent, &writer)
                    if let record { try writer.append(record) }
                    return activation
                }
            }
            self.directory.relink(to: number, logger: self.options.logger)
            return activation
        }
    }

    /// Where the files of a kept revision are, every one of them checked against what was published.
    ///
    /// - Throws: `StorageError` with `notFound`, `otherModel`, or `corrupt`, which names the file that is not as it was.
    package func verifiedDirectory(of number: Int) async throws(StorageError) -> String {
        try await onFiles { () throws(StorageError) in
            let row = try self.waitForDatabase { () throws(StorageError) in
                try self.read { try RevisionRow.kept(number, in: $0) }
            }
            guard row.baseDigest == self.base.digest else { throw Self.otherBase(number) }
            let path = self.directory.path(of: number)
            let manifest = try row.manifest()
            guard manifest.revision == number else {
                throw StorageError(.corrupt, "the manifest of revision \(number) is that of \(manifest.revision)")
            }
            try RevisionDirectory.verify(path, manifest, text: row.text)
            return path
        }
    }

    /// The transaction of an activation.
    private func activate(
        _ number: Int, expectedCurrent: Int?, _ writer: inout JournalWriter
    ) throws -> Activation {
        let previous = writer.serving.number
        if let expectedCurrent, expectedCurrent != previous {
            throw StorageError(
                .conflict, "revision \(previous) serves, not \(expectedCurrent)", because: .otherServes)
        }
        try serve(number, &writer)
        let head = writer.serving.head
        let before = memory.withLock { $0.states }
        for sequence in before[.withheld].intersection(head).elements {
            try writer.readmit(writer.existing(sequence))
        }
        var states = before
        states.apply(writer.moves)
        let done = writer.moves.count
        for sequence in states.live.subtracting(head).elements {
            try writer.withhold(writer.existing(sequence))
        }
        states.apply(writer.moves[done...])
        let settled = writer.moves.count
        for sequence in states[.queued].intersection(head).elements {
            try writer.admit(writer.existing(sequence))
        }
        states.apply(writer.moves[settled...])
        return Activation(
            revision: number, previous: previous,
            withheld: states[.withheld].subtracting(before[.withheld]).count,
            learnt: states[.learnt].subtracting(before[.learnt]).count)
    }
}

extension StateStore {
    /// Makes a kept revision the serving one, and leaves the corrections' states to the caller.
    private func serve(_ number: Int, _ writer: inout JournalWriter) throws {
        var target = ServingSets()
        if number != 0 {
            let row = try RevisionRow.kept(number, in: writer.database)
            guard row.baseDigest == base.digest else { throw Self.otherBase(number) }
            target = ServingSets(try row.manifest())
            if let sequence = target.seen.intersection(memory.withLock { $0.purged }).ranges.first?.lowerBound {
                throw StorageError(
                    .conflict, "revision \(number) was made with correction \(sequence), which has been purged")
            }
        }
        try writer.database.execute(sql: "UPDATE service SET serving = ?", arguments: [number])
        writer.serving = target
    }

    /// What can serve in place of `number`, the nearest first: the kept ones that it was made from, and 0 last.
    package func ancestors(of number: Int) async throws(StorageError) -> [Int] {
        try await onDatabase { () throws(StorageError) in
            try self.read { database in
                let kept = try Set(
                    RevisionRow.allKept(in: database).filter { $0.baseDigest == self.base.digest }.map(\.number))
                var ancestors: [Int] = []
                var next = number
                // A parent's number is the lower one; anything else would go round in circles.
                while next > 0,
                    let parent = try Int.fetchOne(
                        database, sql: "SELECT parent FROM revision WHERE number = ? AND parent < number",
                        arguments: [next]), parent > 0
                {
                    if kept.contains(parent) { ancestors.append(parent) }
                    next = parent
                }
                return ancestors + [0]
            }
        }
    }

    /// Makes `number` serve in place of `damaged` ones, which are let go; what it has not learnt is queued again.
    ///
    /// - Returns: how many corrections were queued.
    /// - Throws: `StorageError` as `activate`.
    package func fallBack(to number: Int, from damaged: [Int]) async throws(StorageError) -> Int {
        try await onFiles { () throws(StorageError) in
            let queued = try self.waitForDatabase { () throws(StorageError) in
                try self.write { try self.fallBack(to: number, from: damaged, &$0) }
            }
            self.directory.relink(to: number, logger: self.options.logger)
            for revision in damaged { try? self.directory.files.remove(self.directory.path(of: revision)) }
            return queued
        }
    }

    /// The transaction of a fall back.
    private func fallBack(to number: Int, from damaged: [Int], _ writer: inout JournalWriter) throws -> Int {
        try RevisionRow.letGo(of: damaged, in: writer.database)
        try serve(number, &writer)
        let states = memory.withLock { $0.states }
        let forgotten = states[.learnt].subtracting(writer.serving.head)
        for sequence in forgotten.union(states[.queued].intersection(writer.serving.head)).elements {
            try writer.admit(writer.existing(sequence))
        }
        return forgotten.count
    }
}
