import Foundation
import Storage
import Transformer
import Tuning

/// What is kept with a head besides its weights.
enum HeadFile {
    static let name = "head.safetensors"

    static func bytes(
        _ head: ClassificationHead, settings: HeadSettings, isThorough: Bool, seen: SequenceSet
    ) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = (try? encoder.encode(settings)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return head.serialized(
            notes: ["settings": text, "thorough": isThorough ? "true" : "false", "seen": seen.description])
    }

    static func settings(in notes: [String: String]) -> HeadSettings? {
        try? JSONDecoder().decode(HeadSettings.self, from: Data((notes["settings"] ?? "").utf8))
    }

    static func seen(in notes: [String: String]) -> SequenceSet { SequenceSet(notes["seen"] ?? "") ?? SequenceSet() }

    static func isThorough(_ notes: [String: String]) -> Bool { notes["thorough"] == "true" }
}
