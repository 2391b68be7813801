import Foundation
import Safetensors
import Tokenization
import Transformer

extension Entrance {
    /// Every tensor lies in the file and can be read; its name and the metadata are the same when they are written again.
    static func safetensors(_ bytes: [UInt8], _ folder: String) throws -> String? {
        let path = "\(folder)/model.safetensors"
        try write(bytes, path)
        guard let file = try? SafetensorsFile(path: path) else { return nil }
        var size = 0
        for (name, entry) in file.entries {
            guard entry.name == name, entry.byteRange.lowerBound >= 8, entry.byteRange.upperBound <= bytes.count else {
                return "'\(name)' lies at \(entry.byteRange) of \(bytes.count) bytes"
            }
            if let values = file.floats(of: entry), values.count != entry.count {
                return "'\(name)' has \(values.count) values, not \(entry.count)"
            }
            size += entry.byteRange.count
        }
        guard size < bytes.count else { return "the tensors are larger than the file" }

        let empty: [(name: String, shape: [Int], values: [Float])] = file.entries.keys.map { ($0, [0], []) }
        try write(Array(SafetensorsWriter.serialize(empty, metadata: file.metadata)), path)
        let written = try SafetensorsFile(path: path)
        guard Set(written.entries.keys) == Set(file.entries.keys), written.metadata == file.metadata else {
            return "names or metadata are others when they are written again"
        }
        return nil
    }

    /// A tokenizer that was accepted encodes any text into ids that it has, and no more of them than asked for.
    static func tokenizer(_ bytes: [UInt8]) -> String? {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let tokenizer = try? Tokenizer(json: Data(parts[0]), path: "tokenizer.json") else { return nil }
        let text = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "Hello, unable wor\u{301}lds [MASK]中!"
        for (pair, length) in [(nil, 8), (text, 17), (nil, 4096), (text, 0)] {
            let encoding = tokenizer.encode(text, pair: pair, maximumLength: length, spans: true)
            guard encoding.ids.count <= length, encoding.typeIDs.count == encoding.ids.count,
                encoding.spans.count == encoding.ids.count
            else { return "\(encoding.ids.count) tokens where \(length) were allowed" }
            let size = tokenizer.vocabularySize
            guard encoding.ids.allSatisfy({ $0 >= 0 && $0 < size }), encoding.typeIDs.allSatisfy({ $0 >= 0 }) else {
                return "an id is beyond the vocabulary's \(size)"
            }
            for span in encoding.spans where span.bytes.upperBound > text.utf8.count {
                return "a token comes from the bytes \(span.bytes) of \(text.utf8.count)"
            }
        }
        return nil
    }

    /// Sizes that were accepted can be computed with.
    static func configuration(_ bytes: [UInt8], _ folder: String) throws -> String? {
        try write(bytes, "\(folder)/config.json")
        guard let configuration = try? ModelConfiguration(directory: folder) else { return nil }
        let block = configuration.block
        guard block.headCount > 0, block.hiddenSize.isMultiple(of: block.headCount), block.normEpsilon.isFinite else {
            return "\(block.headCount) heads of \(block.hiddenSize) with the epsilon \(block.normEpsilon)"
        }
        let sizes = [
            configuration.vocabularySize, configuration.hiddenSize, configuration.intermediateSize,
            configuration.positionCount, configuration.typeCount, configuration.layerCount,
        ]
        return sizes.allSatisfy { (1...1 << 24).contains($0) } ? nil : "the sizes are \(sizes)"
    }

    /// A plan that was accepted is the same when it is written and read again.
    static func adapter(_ bytes: [UInt8], _ folder: String) throws -> String? {
        let path = "\(folder)/\(LowRankPlan.fileName)"
        try write(bytes, path)
        guard let plan = try? LowRankPlan(directory: folder) else { return nil }
        try write(Array(plan.serialized(baseModel: nil, taskType: nil)), path)
        let written = try LowRankPlan(directory: folder)
        return written == plan ? nil : "\(plan) is \(written) when it is written again"
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }
}
