import Storage

extension Entrance {
    /// A manifest that was accepted is the same when it is written and read again.
    static func manifest(_ bytes: [UInt8]) throws -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let manifest = try? RevisionManifest(text: text, path: "revision.json") else { return nil }
        let written = try RevisionManifest(text: manifest.serialize(), path: "revision.json")
        return written == manifest ? nil : "the manifest is another when it is written again"
    }
}
