import Dispatch
import Foundation
import Glibc

/// How many bytes a state takes on disk.
package struct StateSize: Equatable, Sendable {
    /// The database and its log.
    package var journal = 0
    /// All of the directory, a file with several names once.
    package var state = 0

    package init() {}
}

extension StateStore {
    /// What the state takes now; what comes and goes meanwhile may or may not be in it.
    package func size() async -> StateSize {
        let directory = directory
        return await withCheckedContinuation { continuation in
            // Not behind what is being published, but not while the database is written anew: its log is large then.
            databaseQueue.async {
                var size = StateSize()
                for name in ["", "-wal"] { size.journal += Self.entry("\(directory.database)\(name)")?.bytes ?? 0 }
                var seen: Set<UInt64> = []
                Self.add(directory.path, to: &size, &seen)
                continuation.resume(returning: size)
            }
        }
    }

    private static func add(_ path: String, to size: inout StateSize, _ seen: inout Set<UInt64>) {
        guard let entry = entry(path), seen.insert(entry.number).inserted else { return }
        size.state += entry.bytes
        guard entry.isDirectory else { return }
        for name in (try? FileSystem.contents(path)) ?? [] { add("\(path)/\(name)", to: &size, &seen) }
    }

    /// What is at `path` itself; nil for nothing.
    private static func entry(_ path: String) -> (bytes: Int, number: UInt64, isDirectory: Bool)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return (Int(status.st_blocks) * 512, UInt64(status.st_ino), status.st_mode & S_IFMT == S_IFDIR)
    }
}
