package import Foundation
import Safetensors

extension ClassificationHead {
    /// The head as a safetensors file: `weight` [labels, features], `bias` [labels], `temperature` [1].
    ///
    /// The labels are a JSON array in the metadata's `labels`; `notes` are further metadata, carried along unread.
    package func serialized(notes: [String: String] = [:]) -> Data {
        var metadata = notes
        let names = (try? JSONEncoder().encode(labels)) ?? Data("[]".utf8)
        metadata["format"] = Self.format
        metadata["labels"] = String(decoding: names, as: UTF8.self)
        return SafetensorsWriter.serialize(
            [
                ("weight", [labels.count, featureCount], weight), ("bias", [labels.count], bias),
                ("temperature", [1], [temperature]),
            ], metadata: metadata)
    }

    /// Reads the head in the file at `path`, and the notes that were written with it.
    ///
    /// - Throws: `ModelError` naming what is missing or wrong.
    package static func read(_ path: String) throws(ModelError) -> (head: ClassificationHead, notes: [String: String]) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(path: path)
        } catch {
            throw ModelError(.unreadable, String(describing: error))
        }
        guard file.metadata["format"] == Self.format else {
            throw ModelError(
                .malformed, "\(path): metadata 'format' is '\(file.metadata["format"] ?? "")', expected '\(format)'")
        }
        let names = Data((file.metadata["labels"] ?? "").utf8)
        guard let labels = try? JSONDecoder().decode([String].self, from: names), !labels.isEmpty,
            Set(labels.map { Array($0.utf8) }).count == labels.count
        else { throw ModelError(.malformed, "\(path): metadata 'labels' is not a list of different labels") }
        guard let shape = file.entries["weight"]?.shape, shape.count == 2, shape[0] == labels.count else {
            throw ModelError(.wrongShape, "\(path): 'weight' must be [\(labels.count), features]")
        }
        func values(_ name: String, _ expected: [Int]) throws(ModelError) -> [Float] {
            guard let entry = file.entries[name], entry.shape == expected, let values = file.floats(of: entry) else {
                throw ModelError(.wrongShape, "\(path): expected '\(name)' as floats \(expected)")
            }
            guard values.allSatisfy(\.isFinite) else {
                throw ModelError(.malformed, "\(path): '\(name)' holds values that are not finite")
            }
            return values
        }
        let weight = try values("weight", shape)
        let bias = try values("bias", [labels.count])
        let temperature = try values("temperature", [1])[0]
        guard temperature > 0 else { throw ModelError(.malformed, "\(path): 'temperature' must be positive") }
        var notes = file.metadata
        notes["format"] = nil
        notes["labels"] = nil
        return (
            ClassificationHead(
                labels: labels, featureCount: shape[1], weight: weight, bias: bias, temperature: temperature), notes
        )
    }

    private static let format = "attuned-head-1"
}
