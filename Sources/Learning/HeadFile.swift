import Foundation
import Storage
import Transformer
import Tuning

/// What is kept with a head besides its weights.
enum HeadFile {
    static let name = "head.safetensors"

    static func bytes(_ head: ClassificationHead, settings: HeadSettings, isThorough: Bool) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = (try? encoder.encode(settings)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return head.serialized(notes: ["settings": text, "thorough": isThorough ? "true" : "false"])
    }

    static func settings(in notes: [String: String]) -> HeadSettings? {
        try? JSONDecoder().decode(HeadSettings.self, from: Data((notes["settings"] ?? "").utf8))
    }

    static func isThorough(_ notes: [String: String]) -> Bool { notes["thorough"] == "true" }
}

/// What a manifest says of how a head was fitted, enough to fit it again.
struct HeadManifest: Codable, Sendable {
    /// What the fit began with; nil where it had none, and chose its own or took the defaults.
    let start: HeadSettings?
    /// What it ended with.
    let settings: HeadSettings
    let isThorough: Bool
    /// Whether it began from nothing, not from the parent's head.
    let isCold: Bool
    /// With `isCold`, where corrections came or went while the body was made: the head was first fitted thoroughly on
    /// these, and then quickly from that on all.
    var first: SequenceSet?
    /// The labels of that first head.
    var firstLabels: [String]?
}

/// A manifest's `hyperparameters`.
struct RevisionRecipe: Codable, Sendable {
    let head: HeadManifest?
    /// The burst that made the body, in the revision that brought it.
    var burst: BurstManifest?
}
