import Foundation
import Safetensors
import Testing

@Suite struct `Values widened to floats` {
    /// The file's one tensor, of this type and these 16-bit patterns.
    private func widened(_ patterns: [UInt16], as type: ElementType) throws -> [Float] {
        let header =
            #"{"t":{"dtype":"\#(type.rawValue)","shape":[\#(patterns.count)],"#
            + #""data_offsets":[0,\#(patterns.count * 2)]}}"#
        let data = patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        return try TemporaryFolder().open(fileBytes(header.utf8) + data).values("t")
    }

    /// What the standard says a binary format's bits mean, in doubles, which hold every such value exactly.
    private func meaning(_ bits: UInt16, exponentBits: Int, fractionBits: Int) -> Double {
        let bias = (1 << (exponentBits - 1)) - 1
        let exponent = Int(bits >> fractionBits) & ((1 << exponentBits) - 1)
        let fraction = Double(Int(bits) & ((1 << fractionBits) - 1)) / Double(1 << fractionBits)
        let magnitude: Double =
            if exponent == (1 << exponentBits) - 1 {
                fraction == 0 ? .infinity : .nan
            } else if exponent == 0 {
                fraction * pow(2, Double(1 - bias))
            } else {
                (1 + fraction) * pow(2, Double(exponent - bias))
            }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    @Test(arguments: [(ElementType.f16, 5, 10), (.bf16, 8, 7)])
    func `are what the standard says, for every pattern of 16 bits`(
        type: ElementType, exponentBits: Int, fractionBits: Int
    ) throws {
        let patterns = Array(UInt16.min...UInt16.max)
        let values = try widened(patterns, as: type)
        var wrong: [UInt16] = []
        for (pattern, value) in zip(patterns, values) {
            let expected = Float(meaning(pattern, exponentBits: exponentBits, fractionBits: fractionBits))
            let isSame = expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
            if !isSame { wrong.append(pattern) }
        }
        #expect(values.count == 65536)
        #expect(wrong.isEmpty)
    }

    @Test func `of F32 keep every bit, wherever in the file they lie`() throws {
        let patterns: [UInt32] = [0, 0x8000_0000, 1, 0x8000_0001, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0x7f7f_ffff]
        let header =
            #"{"t":{"dtype":"F32","shape":[8],"data_offsets":[1,33]},"#
            + #""b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        let data = patterns.flatMap { pattern in (0..<4).map { UInt8(truncatingIfNeeded: pattern >> ($0 * 8)) } }
        for padding in 0..<4 {
            let text = header + String(repeating: " ", count: padding)
            let values = try TemporaryFolder().open(fileBytes(text.utf8, data: 1) + data).values("t")
            #expect(values.map(\.bitPattern) == patterns)
        }
    }
}

@Suite struct `The writer` {
    private typealias Tensor = (name: String, shape: [Int], values: [Float])

    private func read(_ bytes: Data) throws -> SafetensorsFile {
        try TemporaryFolder().open(bytes)
    }

    @Test func `writes what is read back to the bit`() throws {
        var random = SeededGenerator(5)
        let names = ["b", "a", "weird \"\\/\u{1}\n\u{7f}é中😀", "", "empty", "scalar"]
        let shapes = [[3, 4], [7], [2, 1, 2], [1], [5, 0], []]
        let tensors: [Tensor] = zip(names, shapes).map { name, shape in
            let values = (0..<shape.reduce(1, *)).map { _ in
                Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            }
            return (name, shape, values)
        }
        let metadata = ["format": "pt", "quote\"": "back\\slash\u{1f}\té😀", "": ""]
        let file = try read(SafetensorsWriter.serialize(tensors, metadata: metadata))
        #expect(file.metadata == metadata)
        #expect(file.entries.count == tensors.count)
        for tensor in tensors {
            let entry = try #require(file.entries[tensor.name])
            #expect(entry.elementType == .f32)
            #expect(entry.shape == tensor.shape)
            #expect(try file.values(tensor.name).map(\.bitPattern) == tensor.values.map(\.bitPattern))
            #expect(entry.byteRange.lowerBound.isMultiple(of: 4))
        }
    }

    @Test func `sorts by name, so that equal tensors make equal bytes`() throws {
        let tensors: [Tensor] = ["c", "a", "d", "b"].map { ($0, [1], [Float($0.utf8.first ?? 0)]) }
        let bytes = SafetensorsWriter.serialize(tensors, metadata: ["x": "1", "y": "2"])
        #expect(bytes == SafetensorsWriter.serialize(tensors.reversed(), metadata: ["y": "2", "x": "1"]))
        let file = try read(bytes)
        #expect(
            file.entries.values.sorted { $0.byteRange.lowerBound < $1.byteRange.lowerBound }.map(\.name) == [
                "a", "b", "c", "d",
            ])
    }

    @Test func `writes a file without tensors`() throws {
        let file = try read(SafetensorsWriter.serialize([], metadata: ["only": "metadata"]))
        #expect(file.entries.isEmpty)
        #expect(file.metadata == ["only": "metadata"])
        #expect(try read(SafetensorsWriter.serialize([])).metadata.isEmpty)
    }
}
