package import Foundation
package import LineProtocol

/// The specification that is tested: the folder `Protocol/` beside `Tests/`.
package enum ProtocolFolder {
    /// The folder, also where `Tests/` is reached over a symbolic link.
    package static let url = URL(filePath: #filePath)
        .resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Protocol")

    /// The transcripts by name, in alphabetical order.
    package static func transcripts() throws -> [Transcript] {
        try files("Examples", "jsonl").map { try Transcript(contentsOf: $0) }
    }

    /// The schemas by file name without its ending.
    package static func schemas() throws -> [String: JSONValue] {
        var schemas: [String: JSONValue] = [:]
        for file in try files("Schemas", "json") {
            let name = file.lastPathComponent.replacing(".schema.json", with: "")
            schemas[name] = try JSONValue(parsing: Array(try Data(contentsOf: file)))
        }
        return schemas
    }

    private static func files(_ folder: String, _ ending: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: url.appending(path: folder), includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == ending }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
