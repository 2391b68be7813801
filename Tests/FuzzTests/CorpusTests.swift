import Foundation
import FuzzEntrances
import Testing

/// What the fuzzers start from and what they have found; see Tests/fuzz.
@Suite struct `The fuzzers' corpus` {
    /// One file of Tests/corpus.
    struct Seed: Sendable, CustomTestStringConvertible {
        let entrance: Entrance
        let url: URL
        var testDescription: String { "\(entrance.rawValue)/\(url.lastPathComponent)" }
    }

    static let seeds = Entrance.allCases.flatMap { entrance in
        let folder = URL(filePath: #filePath).appending(path: "../../corpus/\(entrance.rawValue)").standardized
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).map { Seed(entrance: entrance, url: $0) }
            .sorted { $0.testDescription < $1.testDescription }
    }

    @Test(arguments: seeds) func `is read without a fault`(seed: Seed) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "corpus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bytes = Array(try Data(contentsOf: seed.url))
        #expect(try seed.entrance.fault(of: bytes, folder: folder.path(percentEncoded: false)) == nil)
    }

    @Test(arguments: Entrance.allCases) func `has something for every entrance`(entrance: Entrance) {
        #expect(Self.seeds.contains { $0.entrance == entrance })
    }
}
