package import Foundation
import Glibc

/// A small file system of its own, where this process may mount one.
package final class SmallDisk: Sendable {
    /// Where it is mounted.
    package let path: String
    /// Removed only once nothing is mounted in it.
    private let folder: URL

    package init?(kilobytes: Int) {
        let files = FileManager.default
        folder = files.temporaryDirectory.appending(path: "disk-\(UUID().uuidString.prefix(8))")
        path = folder.appending(path: "disk").path(percentEncoded: false)
        guard geteuid() == 0, (try? files.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil,
            mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k,mode=0700") == 0
        else {
            try? files.removeItem(at: folder)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        try? FileManager.default.removeItem(at: folder)
    }

    package static let canMount = SmallDisk(kilobytes: 64) != nil

    /// A file that takes all the room that is left; remove it to have that again.
    package func fill() -> URL {
        let filler = URL(filePath: path).appending(path: "filler")
        let file = open(filler.path(percentEncoded: false), O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(file, page, page.count) > 0 {}
        return filler
    }
}
