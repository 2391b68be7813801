import Foundation
import Safetensors
import Testing

/// A folder of one test, removed when nothing refers to it any more.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String = "x.safetensors") throws -> String {
        let file = "\(path)/\(name)"
        // A new file each time: some file systems flush one that is cut and written again.
        try? FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    /// Opens a file of these bytes.
    func open(_ bytes: some Sequence<UInt8>) throws -> SafetensorsFile {
        try SafetensorsFile(path: write(bytes))
    }

    /// What is wrong with a file of these bytes, or nil.
    func fault(in bytes: some Sequence<UInt8>) throws -> String? {
        let path = try write(bytes)
        do {
            _ = try SafetensorsFile(path: path)
            return nil
        } catch {
            return error.path == path ? error.reason : "an error of another file: \(error)"
        }
    }
}

extension SafetensorsFile {
    /// The values of a tensor that must be there, as floats.
    func values(_ name: String) throws -> [Float] {
        let entry = try #require(entries[name])
        return try #require(floats(of: entry))
    }
}

/// The bytes of a file with this header, as long as its length says, and this many bytes of data.
func fileBytes(_ header: some Sequence<UInt8>, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let header = Array(header)
    let length = length ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + header
        + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}
