import Foundation
import Glibc
import Safetensors
import Testing

@Suite struct `Checkpoints` {
    private let folder: TemporaryFolder
    private let index = "model.safetensors.index.json"

    init() throws { folder = try TemporaryFolder() }

    /// Writes a file with one-element tensors of these names, each with its own value.
    private func writeFile(_ name: String, _ tensors: [String: Float]) throws {
        try folder.write(SafetensorsWriter.serialize(tensors.map { ($0.key, [1], [$0.value]) }), to: name)
    }

    private func writeIndex(_ map: [String: String]) throws {
        struct Index: Encodable {
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let weight_map: [String: String]
        }
        try folder.write(JSONEncoder().encode(Index(weight_map: map)), to: index)
    }

    private func open() throws(SafetensorsError) -> Checkpoint { try Checkpoint(directory: folder.path) }

    /// Expects a refusal whose text has all of `culprits`.
    private func expectRefusal(_ culprits: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: SafetensorsError.self, sourceLocation: sourceLocation) { try open() }
        for culprit in culprits {
            let text = error?.description ?? ""
            #expect(text.contains(culprit), "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func `of one file have its tensors`() throws {
        try writeFile("model.safetensors", ["a": 1, "b": 2])
        let checkpoint = try open()
        #expect(checkpoint.names.sorted() == ["a", "b"])
        #expect(try checkpoint.floats("b") == [2])
        #expect(checkpoint.entry("a")?.shape == [1])
        #expect(checkpoint.entry("c") == nil)
        #expect(checkpoint.file(of: "c") == nil)
    }

    @Test func `of shards have the tensors of all`() throws {
        try writeFile("one.safetensors", ["a": 1, "c": 3])
        try writeFile("two.safetensors", ["b": 2])
        try writeIndex(["a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"])
        let checkpoint = try open()
        #expect(checkpoint.names.sorted() == ["a", "b", "c"])
        #expect(try ["a", "b", "c"].map { try checkpoint.floats($0) } == [[1], [2], [3]])
        #expect(checkpoint.file(of: "a") === checkpoint.file(of: "c"))
        #expect(checkpoint.file(of: "b")?.path.hasSuffix("/two.safetensors") == true)
    }

    @Test func `take the one file where there is an index besides`() throws {
        try writeFile("model.safetensors", ["a": 1])
        try writeIndex(["a": "missing.safetensors"])
        #expect(try open().floats("a") == [1])
    }

    @Test func `name a tensor that they do not have or cannot widen`() throws {
        let header = #"{"t":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#
        try folder.write(fileBytes(header.utf8, data: 4), to: "model.safetensors")
        let checkpoint = try open()
        let missing = #expect(throws: SafetensorsError.self) { try checkpoint.floats("u") }
        #expect(missing?.description.contains("no tensor 'u'") == true)
        let other = #expect(throws: SafetensorsError.self) { try checkpoint.floats("t") }
        #expect(other?.description.contains("tensor 't' is I32") == true)
    }

    @Test func `are refused without any file`() {
        expectRefusal("model.safetensors", "No such file")
    }

    @Test func `are refused where a shard is missing`() throws {
        try writeFile("one.safetensors", ["a": 1])
        try writeIndex(["a": "one.safetensors", "b": "two.safetensors"])
        expectRefusal("two.safetensors", "No such file")
    }

    @Test func `are refused where a shard is broken`() throws {
        try folder.write([1, 2, 3], to: "one.safetensors")
        try writeIndex(["a": "one.safetensors"])
        expectRefusal("one.safetensors", "3 bytes are too few")
    }

    @Test func `are refused where a tensor is not in the shard it is said to be in`() throws {
        try writeFile("one.safetensors", ["a": 1])
        try writeFile("two.safetensors", ["b": 2])
        try writeIndex(["a": "one.safetensors", "b": "one.safetensors"])
        expectRefusal(index, "'b' is said to be in one.safetensors")
    }

    @Test func `are refused where a shard has a tensor that the index does not name`() throws {
        try writeFile("one.safetensors", ["a": 1, "stray": 2])
        try writeIndex(["a": "one.safetensors"])
        expectRefusal(index, "does not name 'stray' of one.safetensors")
    }

    @Test func `are refused where two shards have the same tensor`() throws {
        try writeFile("one.safetensors", ["a": 1])
        try writeFile("two.safetensors", ["a": 1, "b": 2])
        try writeIndex(["a": "one.safetensors", "b": "two.safetensors"])
        expectRefusal(index, "does not name 'a' of two.safetensors")
    }

    @Test(arguments: [
        "../x.safetensors", "/etc/passwd", "sub/x.safetensors", "x.safetensors[NUL]y", "", ".", "..",
        "..[SLASH]x.safetensors",
    ])
    func `are refused where a shard's name leads elsewhere`(written: String) throws {
        // A slash that is a part of a character is still one to the file system.
        let name = written.replacing("[NUL]", with: "\0").replacing("[SLASH]", with: "/\u{301}")
        // There, so that it is the name that is refused and not a file that is missing.
        try writeFile("x.safetensors", ["a": 1])
        try writeIndex(["a": name])
        expectRefusal(index, "'\(name)' is not the plain name of a file")
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"weight_map": []}"#, #"{"weight_map": {"a": 1}}"#, #"{"weight_map": {"a": null}}"#,
    ])
    func `are refused where the index is not one`(text: String) throws {
        try folder.write(text.utf8, to: index)
        expectRefusal(index, "expected a JSON object with 'weight_map'")
    }

    @Test(.timeLimit(.minutes(15))) func `are refused where a pipe is in place of a file`() throws {
        #expect(mkfifo("\(folder.path)/\(index)", 0o600) == 0)
        expectRefusal(index, "not a regular file")
        #expect(mkfifo("\(folder.path)/model.safetensors", 0o600) == 0)
        expectRefusal("model.safetensors", "not a regular file")
    }
}
