import Foundation

/// A file that is there while a burst runs, so that the next start knows when one has taken the process with it.
///
/// A burst that hits a memory limit would do so again right after every start, until the service manager gives up on the daemon.
struct BurstMark: Sendable {
    /// Nil for none.
    let path: String?

    /// How many times in a row the process has ended with a burst, as of the start; the file goes, and with it what it says.
    func take() -> Int {
        guard let path, let data = FileManager.default.contents(atPath: path) else { return 0 }
        end()
        return min(max(Int(String(decoding: data, as: UTF8.self)) ?? 1, 1), 100)
    }

    /// A burst begins, after as many such ends in a row.
    ///
    /// A mark that cannot be written is missed only where it would help.
    func begin(after deaths: Int) {
        guard let path else { return }
        // In place: half a number is still a mark, and no temporary file is left.
        try? Data("\(deaths + 1)".utf8).write(to: URL(filePath: path))
    }

    /// A burst has ended, and the process has not, or ends because it is told to.
    func end() {
        guard let path else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
