import Foundation

/// The weights of a model directory: model.safetensors, or the shards that model.safetensors.index.json names.
package struct Checkpoint: Sendable {
    private let files: [String: SafetensorsFile]

    /// Opens the weights in `directory`.
    ///
    /// - Throws: `SafetensorsError` if a file is missing or malformed, or the index and its shards disagree.
    package init(directory: String) throws(SafetensorsError) {
        let index = "\(directory)/model.safetensors.index.json"
        let single = "\(directory)/model.safetensors"
        guard FileManager.default.fileExists(atPath: index), !FileManager.default.fileExists(atPath: single) else {
            let file = try SafetensorsFile(path: single)
            files = file.entries.mapValues { _ in file }
            return
        }
        let map = try Self.weightMap(index)
        var shards: [String: SafetensorsFile] = [:]
        var files: [String: SafetensorsFile] = [:]
        for (name, shard) in map.sorted(by: { $0.key < $1.key }) {
            guard Self.isPlain(shard) else {
                throw SafetensorsError(index, "'\(shard)' is not the plain name of a file in the same directory")
            }
            let file: SafetensorsFile
            if let open = shards[shard] {
                file = open
            } else {
                file = try SafetensorsFile(path: "\(directory)/\(shard)")
                shards[shard] = file
            }
            guard file.entries[name] != nil else {
                throw SafetensorsError(index, "'\(name)' is said to be in \(shard), which does not have it")
            }
            files[name] = file
        }
        for (shard, file) in shards {
            if let name = file.entries.keys.sorted().first(where: { map[$0] != shard }) {
                throw SafetensorsError(index, "does not name '\(name)' of \(shard)")
            }
        }
        self.files = files
    }

    /// The names of all tensors.
    package var names: [String] { Array(files.keys) }

    /// The tensor `name`, or nil.
    package func entry(_ name: String) -> TensorEntry? { files[name]?.entries[name] }

    /// The file that has the tensor `name`, or nil.
    package func file(of name: String) -> SafetensorsFile? { files[name] }

    /// The values of the tensor `name`, widened to floats.
    ///
    /// - Throws: `SafetensorsError` if it is missing or its type is not F32, F16 or BF16.
    package func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        guard let file = files[name], let entry = file.entries[name] else {
            throw SafetensorsError("checkpoint", "no tensor '\(name)'")
        }
        guard let values = file.floats(of: entry) else {
            throw SafetensorsError(
                file.path, "tensor '\(name)' is \(entry.elementType.rawValue); expected F32, F16 or BF16")
        }
        return values
    }

    /// Whether this is the name of a file and leads nowhere else.
    private static func isPlain(_ name: String) -> Bool {
        // By bytes: a slash with a combining character behind it is a slash to the file system, too.
        let bytes = name.utf8
        return !bytes.isEmpty && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(0)
            && !bytes.elementsEqual(".".utf8) && !bytes.elementsEqual("..".utf8)
    }

    private static func weightMap(_ path: String) throws(SafetensorsError) -> [String: String] {
        struct Index: Decodable {
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let weight_map: [String: String]
        }
        let file = try MappedFile(path: path)
        do {
            return try JSONDecoder().decode(Index.self, from: unsafe Data(file.bytes)).weight_map
        } catch {
            throw SafetensorsError(path, "expected a JSON object with 'weight_map', names of tensors to names of files")
        }
    }
}
