import Foundation
import GRDB
import Logging
import Synchronization

/// What the files queue remembers between revisions.
struct PublishingState: Sendable {
    /// Numbers up to this one were tried, and are not given again.
    var usedNumber = 0
    /// Why nothing more is published before a restart.
    var fault: String?
}

extension StateStore {
    /// What must be known before a revision's files are written.
    private struct Plan {
        let number: Int
        let body: Int
        /// The body files to link, and the directory they are in.
        let shared: [String: RevisionManifest.File]
        let source: String
    }

    /// Publishes a revision, which serves from then on, and moves its corrections to `learnt`.
    ///
    /// Its directory is complete and on disk before one transaction makes it count. On any error the revision does not
    /// exist, except with `durabilityUnknown`, where opening the state again tells.
    ///
    /// - Throws: `StorageError` with `conflict` if another revision serves than the draft expected, or something that it
    ///   was made from does not hold any more; with `readOnly` if there is no room.
    package func publish(_ draft: RevisionDraft) async throws(StorageError) -> RevisionRecord {
        try draft.validate()
        return try await onFiles { () throws(StorageError) in
            do throws(StorageError) {
                return try self.publishNow(draft)
            } catch {
                // That publishing has stopped keeps no correction out.
                if error.code == .readOnly, self.publishing.withLock({ $0.fault == nil }) {
                    self.memory.withLock { $0.readOnlyReason = error.text }
                }
                throw error
            }
        }
    }

    /// The steps of publishing, on the files queue.
    private func publishNow(_ draft: RevisionDraft) throws(StorageError) -> RevisionRecord {
        if let fault = publishing.withLock({ $0.fault }) { throw StorageError(.readOnly, fault) }
        let plan = try waitForDatabase { () throws(StorageError) in try self.plan(draft) }
        publishing.withLock { $0.usedNumber = plan.number }
        let created = Date()
        let (manifest, text) = try writeDirectory(draft, plan, created: created)
        let removed: [Int]
        do {
            removed = try waitForDatabase { () throws(StorageError) in
                try self.commit(draft, manifest, text: text, created: created)
            }
        } catch {
            guard error.code == .durabilityUnknown else {
                try? self.directory.removeRevision(plan.number)
                throw error
            }
            // The database was opened again, if that was possible, and says now what holds.
            guard !memory.withLock({ $0.isStale }) else { throw error }
            guard serving == plan.number else {
                try? self.directory.removeRevision(plan.number)
                throw StorageError(.inputOutput, "the commit failed, and revision \(plan.number) was not published")
            }
            removed = []
        }
        directory.relink(to: plan.number, logger: options.logger)
        if !removed.isEmpty { filesQueue.async { self.removeDirectories(removed) } }
        return RevisionRecord(
            manifest: manifest, created: Date(milliseconds: created.milliseconds),
            isPinned: false, isServing: true)
    }

    /// Checks the draft against the state, and gives it a number; on the database's queue.
    private func plan(_ draft: RevisionDraft) throws(StorageError) -> Plan {
        try check(draft)
        let used = publishing.withLock { $0.usedNumber }
        return try read { database in
            let last = try Int.fetchOne(database, sql: "SELECT last_revision FROM service") ?? 0
            guard last < 1 << 52, used < 1 << 52 else {
                throw StorageError(.corrupt, "the state's revision numbers are used up")
            }
            let number = max(last, used) + 1
            let isKnown = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM revision WHERE number = ?)", arguments: [draft.parent])
            guard draft.parent == 0 || isKnown == true else {
                throw StorageError(.notFound, "there is no revision \(draft.parent) to be the parent")
            }
            if let burst = draft.burst { try BurstRecord.checkFree(burst.id, in: database) }
            switch draft.body {
            case .base, .sameAs(0):
                return Plan(number: number, body: 0, shared: [:], source: "")
            case .new:
                return Plan(number: number, body: number, shared: [:], source: "")
            case .sameAs(let revision):
                let row = try kept(revision, in: database)
                let shared = try row.manifest().files.filter(\.value.isBody)
                try check(draft, beside: shared, of: revision)
                return Plan(number: number, body: row.body, shared: shared, source: directory.path(of: revision))
            case .over(let revision, let dropping, let files):
                var shared: [String: RevisionManifest.File] = [:]
                if revision != 0 {
                    shared = try kept(revision, in: database).manifest().files.filter(\.value.isBody)
                }
                if let name = dropping.subtracting(shared.keys).min() {
                    throw StorageError(.invalid, "'\(name)' is not a file of the body of revision \(revision)")
                }
                for name in dropping.union(files.map(\.name)) { shared[name] = nil }
                try check(draft, beside: shared, of: revision)
                return Plan(number: number, body: number, shared: shared, source: directory.path(of: revision))
            }
        }
    }

    /// A revision whose files another may share.
    private func kept(_ revision: Int, in database: Database) throws -> RevisionRow {
        let row = try RevisionRow.kept(revision, in: database)
        guard row.baseDigest == base.digest else { throw Self.otherBase(revision) }
        return row
    }

    /// Checks that the draft's own files have other names than those of the body that it shares.
    private func check(
        _ draft: RevisionDraft, beside shared: [String: RevisionManifest.File], of revision: Int
    ) throws(StorageError) {
        let own = draft.ownFiles.map(\.file.name)
        if let name = own.first(where: { shared[$0] != nil }) {
            throw StorageError(.invalid, "'\(name)' is a file of the body of revision \(revision)")
        }
        try RevisionFile.check(own + shared.keys)
    }

    /// Checks that what the draft was made from still holds; on the database's queue.
    private func check(_ draft: RevisionDraft) throws(StorageError) {
        let (serving, states) = memory.withLock { ($0.serving.number, $0.states) }
        guard serving == draft.expectedServing else {
            throw StorageError(.conflict, "revision \(serving) serves, not \(draft.expectedServing)")
        }
        let gone = draft.head.sequences.subtracting(states.live)
        if let sequence = gone.ranges.first?.lowerBound {
            throw StorageError(.conflict, "correction \(sequence) does not hold any more, and the head has learnt it")
        }
        guard draft.body.isNew else { return }
        // A burst takes seconds: what was superseded meanwhile was rightly used, what was taken back was not.
        let used = draft.bodySet.sequences.union(draft.holdout.sequences)
        let lost = used.subtracting(states.live).subtracting(states[.superseded])
        if let sequence = lost.ranges.first?.lowerBound {
            let state = CorrectionState.allCases.first { states[$0].contains(sequence) }?.rawValue ?? "not there"
            throw StorageError(.conflict, "correction \(sequence) is \(state), and the body was made with it")
        }
    }

    /// Writes the revision's directory under its final name, with everything on disk.
    private func writeDirectory(
        _ draft: RevisionDraft, _ plan: Plan, created: Date
    ) throws(StorageError) -> (RevisionManifest, String) {
        let files = directory.files
        let temporary = directory.temporaryPath(of: plan.number)
        let final = directory.path(of: plan.number)
        var isRenamed = false
        do {
            var written = try RevisionDirectory(making: temporary, files: files)
            var listed = plan.shared
            for name in plan.shared.keys.sorted() { try written.link(name, from: plan.source) }
            for (file, isBody) in draft.ownFiles {
                let (size, digest) = try written.write(file)
                listed[file.name] = RevisionManifest.File(size: size, sha256: digest, isBody: isBody)
            }
            let manifest = RevisionManifest(
                draft, revision: plan.number, body: plan.body, base: base, created: created, files: listed)
            let text = try manifest.serialize()
            _ = try written.write(RevisionFile(name: RevisionManifest.fileName, content: .bytes(Data(text.utf8))))
            try written.sync()
            try files.rename(temporary, to: final)
            isRenamed = true
            try files.sync(directory.revisions)
            return (manifest, text)
        } catch {
            if isRenamed {
                let fault = """
                    the names in \(directory.revisions) could not be brought to disk; nothing is published before a \
                    restart: \(error.text)
                    """
                publishing.withLock { $0.fault = fault }
                options.logger.critical("publishing has stopped", metadata: ["reason": "\(fault)"])
            }
            try? files.remove(temporary)
            try? directory.removeRevision(plan.number)
            throw error
        }
    }

    /// The commit point, on the database's queue.
    ///
    /// - Returns: the revisions that are no longer kept.
    private func commit(
        _ draft: RevisionDraft, _ manifest: RevisionManifest, text: String, created: Date
    ) throws(StorageError) -> [Int] {
        try write { writer in
            try check(draft)
            try RevisionRow.insert(manifest, text: text, created: created, into: writer.database)
            try writer.database.execute(
                sql: "UPDATE service SET serving = ?, last_revision = ?",
                arguments: [manifest.revision, manifest.revision])
            let states = memory.withLock { $0.states }
            writer.serving = ServingSets(manifest)
            let head = writer.serving.head
            let changed = states[.queued].intersection(head).union(states[.learnt].subtracting(head))
            for sequence in changed.elements { try writer.admit(writer.existing(sequence)) }
            if var burst = draft.burst {
                burst.revision = manifest.revision
                try writer.append(burst)
            }
            return try RevisionRow.retain(
                bodies: options.keptBodies, revisions: options.keptRevisions, serving: manifest.revision,
                in: writer.database)
        }
    }

    /// Deletes directories that the database does not name any more; what is left is swept at the next start.
    private func removeDirectories(_ revisions: [Int]) {
        for revision in revisions {
            do {
                try directory.removeRevision(revision)
            } catch {
                options.logger.warning(
                    "cannot remove a revision", metadata: ["revision": "\(revision)", "reason": "\(error)"])
            }
        }
    }

    static func otherBase(_ revision: Int) -> StorageError {
        StorageError(.otherModel, "revision \(revision) was made from another base model")
    }
}
