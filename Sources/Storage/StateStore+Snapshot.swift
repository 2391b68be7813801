import Foundation
import GRDB
import Glibc

extension StateStore {
    /// Makes a consistent copy of the whole state beside it, for a backup while the service runs.
    ///
    /// The database is copied, the revisions' files are linked, so it costs no more room than the journal. Appends wait
    /// while the database is copied. The caller copies the directory away and removes it; one that is left is removed
    /// at the next start.
    ///
    /// - Returns: the path of the copy, a state directory itself.
    package func snapshot() async throws(StorageError) -> String {
        try await onFiles { () throws(StorageError) in
            let path = self.directory.snapshotPath()
            do throws(StorageError) {
                try self.writeSnapshot(StateDirectory(path: path, files: self.directory.files))
                return path
            } catch {
                try? self.directory.files.remove(path)
                throw error
            }
        }
    }

    /// Whether `path` is a directory that is called what `snapshot()` calls one, and no link to another.
    package static func isSnapshot(_ path: String) -> Bool {
        var status = stat()
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard name.hasPrefix(StateDirectory.snapshotPrefix), unsafe lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Nothing is published, activated or removed meanwhile, since that needs the files queue too.
    private func writeSnapshot(_ copy: StateDirectory) throws(StorageError) {
        let files = directory.files
        try files.makeDirectory(copy.path)
        try files.makeDirectory(copy.revisions)
        let rows = try waitForDatabase { () throws(StorageError) in
            try files.announce(.write("state.sqlite"))
            try database.copy(to: copy.database)
            return try read { try RevisionRow.allKept(in: $0) }
        }
        try files.protect(copy.database)
        try files.sync(copy.database)
        for row in rows {
            let source = directory.path(of: row.number)
            var target = try RevisionDirectory(making: copy.path(of: row.number), files: files)
            for name in try row.manifest().files.keys.sorted() + [RevisionManifest.fileName] {
                try target.link(name, from: source)
            }
            try target.sync()
        }
        try files.sync(copy.revisions)
        try files.sync(copy.path)
    }
}
