import Foundation
import Glibc
import Synchronization

/// Digests of files that are not read again while the file system says that nothing has changed them.
///
/// Goes by device, inode, size and times, as make and git do; among them the time of the inode's last change, which nobody can
/// set where files can be changed at all. Images of file systems, where it is what their maker wrote, have it in whole seconds:
/// files with such times are always read. A model's weights are most of what there is to read at a start.
package final class DigestMemo: Sendable {
    private let path: String
    private let known: [Signature: ContentDigest]
    private let now: @Sendable () -> Int
    /// What this process was asked for.
    private let asked = Mutex([Signature: ContentDigest]())

    package static let fileName = "digests"

    /// What a file looks like as long as nobody changes it.
    struct Signature: Hashable {
        let words: [Int]

        init(_ status: stat) {
            words = [
                Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
        }

        init?(_ text: [Substring]) {
            words = text.compactMap { Int($0) }
            guard words.count == 7, text.count == 7 else { return nil }
        }

        /// Whether a change that comes at `now` would show in the times, however coarse these are.
        func isTelling(at now: Int) -> Bool { words[6] != 0 && now - max(words[3], words[5]) > 2 }
    }

    /// What the state in `directory` remembers; nothing where that cannot be read or is not this user's own.
    ///
    /// - Parameter now: the time in seconds, by the clock that the files' times come from.
    package init(stateDirectory directory: String, now: @escaping @Sendable () -> Int = { time(nil) }) {
        self.now = now
        let directory = StateDirectory(path: StateDirectory.resolved(directory), files: FileSystem(hook: nil))
        path = directory.digests
        var known: [Signature: ContentDigest] = [:]
        if directory.isOwn(path), let text = try? String(contentsOfFile: path, encoding: .utf8) {
            for line in text.split(separator: "\n") {
                guard let (signature, digest) = Self.entry(line) else { continue }
                known[signature] = digest
            }
        }
        self.known = known
    }

    /// The digest of the file that `status` describes, by `compute` where it is not known.
    func digest(
        of status: stat, _ compute: () throws(StorageError) -> ContentDigest
    ) throws(StorageError) -> ContentDigest {
        let signature = Signature(status)
        guard signature.isTelling(at: now()) else { return try compute() }
        let digest = if let digest = known[signature] { digest } else { try compute() }
        asked.withLock { $0[signature] = digest }
        return digest
    }

    /// Writes down what was asked for, for the next process; whether that reaches the disk does not matter.
    package func save() {
        let asked = asked.withLock { $0 }
        guard asked != known else { return }
        let bytes = Array(asked.map { Self.line($0, $1) }.sorted().joined().utf8)
        let temporary = path + StateDirectory.temporarySuffix
        let file = unsafe open(
            temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        // One that was written in part has no whole last line, and is as good as what it has.
        _ = unsafe write(file, bytes, bytes.count)
        close(file)
        if unsafe rename(temporary, path) != 0 { _ = unsafe unlink(temporary) }
    }

    /// A line, closed by a digest of itself: half of one, or one that has rotted, counts for nothing.
    private static func line(_ signature: Signature, _ digest: ContentDigest) -> String {
        let text = (signature.words.map(String.init) + [digest.hex]).joined(separator: " ")
        return "\(text) \(ContentDigest(of: Data(text.utf8)).hex)\n"
    }

    private static func entry(_ line: Substring) -> (Signature, ContentDigest)? {
        let words = line.split(separator: " ")
        guard words.count == 9, let signature = Signature(Array(words[..<7])),
            let digest = ContentDigest(hex: String(words[7])), Self.line(signature, digest) == line + "\n"
        else { return nil }
        return (signature, digest)
    }
}
