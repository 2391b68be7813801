import Foundation
import Safetensors
import Testing

/// Files that Python's safetensors wrote; see Tests/references/safetensors_reference.py.
@Suite struct `Against the reference implementation` {
    private func path(_ name: String) -> String {
        URL(filePath: #filePath).appending(path: "../../references/safetensors-\(name).safetensors").standardized
            .path(percentEncoded: false)
    }

    @Test func `reads the same types, shapes, bytes and metadata`() throws {
        let file = try SafetensorsFile(path: path("types"))
        let described = file.entries.mapValues { "\($0.elementType.rawValue) \($0.shape)" }
        #expect(
            described == [
                "half": "F16 [4, 6]", "half.widened": "F32 [4, 6]", "brain": "BF16 [2, 3, 4]",
                "brain.widened": "F32 [2, 3, 4]", "scalar": "F32 []", "empty": "F32 [3, 0, 2]", "double": "F64 [2]",
                "long": "I64 [2]", "byte": "U8 [5]", "flag": "BOOL [3]", "na\"me\\ é中😀\n": "I32 [2, 1]",
            ])
        #expect(file.metadata == ["format": "pt", "note": "tab\t, quote\", é"])
        func bytes(_ name: String) throws -> [UInt8] {
            file.withUnsafeBytes(of: try #require(file.entries[name])) { Array($0) }
        }
        #expect(try bytes("byte") == [0, 1, 2, 3, 4])
        #expect(try bytes("flag") == [1, 0, 1])
        #expect(try bytes("long") == [0, 0, 0, 0, 0, 0, 0, 0x80] + [255, 255, 255, 255, 255, 255, 255, 0x7f])
        #expect(try bytes("na\"me\\ é中😀\n") == [7, 0, 0, 0, 249, 255, 255, 255])
        #expect(try file.values("scalar") == [0.1])
    }

    /// Subnormals, infinities and NaNs among them.
    @Test(arguments: ["half", "brain"]) func `widens to the same bits`(name: String) throws {
        let file = try SafetensorsFile(path: path("types"))
        let values = try file.values(name)
        let expected = try file.values("\(name).widened")
        #expect(values.count == 24)
        #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test func `writes the same bytes`() throws {
        let file = try SafetensorsFile(path: path("floats"))
        let tensors = try file.entries.values.map { entry in
            (name: entry.name, shape: entry.shape, values: try file.values(entry.name))
        }
        #expect(tensors.count == 5)
        let written = SafetensorsWriter.serialize(tensors, metadata: file.metadata)
        #expect(try written == Data(contentsOf: URL(filePath: path("floats"))))
    }
}
