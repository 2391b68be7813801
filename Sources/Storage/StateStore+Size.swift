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
        let paths = ["", "-wal"].map { "\(directory.database)\($0)" }
        // Not while the database is written anew: its log is large then.
        let journal = await Self.on(databaseQueue) { paths.reduce(0) { $0 + (Self.entry($1)?.bytes ?? 0) } }
        // The revisions may be many, and nobody's correction waits until they have been looked at.
        return await Self.on(.global(qos: .utility)) { [path = directory.path] in
            var seen = Set(paths.compactMap { Self.entry($0)?.number })
            var size = StateSize()
            size.journal = journal
            size.state = journal
            Self.add(path, to: &size, &seen)
            return size
        }
    }

    private static func on<Value: Sendable>(
        _ queue: DispatchQueue, _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: work()) } }
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
