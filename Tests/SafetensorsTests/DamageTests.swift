import Foundation
import Glibc
import Safetensors
import Testing

@Suite struct `Damaged files` {
    /// A small file with some of everything.
    private static let sound: [UInt8] = {
        let header = #"""
            {"__metadata__":{"format":"pt","n\u006fte":"é"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
            "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},
            "c":{"dtype":"F16","shape":[2,0],"data_offsets":[32,32]},
            "d":{"dtype":"I64","shape":[],"data_offsets":[32,40]},"e":{"dtype":"U8","shape":[3],"data_offsets":[40,43]}}
            """#
        return fileBytes(header.utf8, data: 43)
    }()
    private static let headerEnd = sound.count - 43

    @Test func `are refused when cut short at any byte`() throws {
        let folder = try TemporaryFolder()
        #expect(try folder.fault(in: Self.sound) == nil)
        for count in 0..<Self.sound.count {
            #expect(try folder.fault(in: Self.sound.prefix(count)) != nil, "\(count) bytes were accepted")
        }
    }

    @Test func `never do harm, whichever bits are flipped`() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var random = SeededGenerator(11)
        var accepted = 0
        for round in 0..<2000 {
            var bytes = Self.sound
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // The data may be anything; it is the header that a flip can break.
                bytes[Int.random(in: 0..<Self.headerEnd, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
            }
            let path = try folder.write(bytes)
            let file: SafetensorsFile
            do {
                file = try SafetensorsFile(path: path)
            } catch {
                #expect(error.path == path && !error.reason.isEmpty)
                continue
            }
            accepted += 1
            checkLayout(of: file, size: bytes.count, "round \(round)")
        }
        // Flips in a name or in the metadata alone leave a sound file; most others do not.
        #expect((10...500).contains(accepted), "\(accepted) were accepted")
    }

    /// What an accepted file promises: its tensors cover the data, in order, and all can be read.
    private func checkLayout(of file: SafetensorsFile, size: Int, _ comment: Comment) {
        let ranges = file.entries.values.map(\.byteRange).sorted {
            ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
        }
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }, comment)
        #expect(ranges.last?.upperBound == size, comment)
        for entry in file.entries.values {
            #expect(entry.count * entry.elementType.bits == entry.byteRange.count * 8, comment)
            #expect(file.withUnsafeBytes(of: entry) { $0.count } == entry.byteRange.count, comment)
            if let values = file.floats(of: entry) {
                #expect(values.count == entry.count, comment)
            }
        }
    }

    @Test func `that are no regular file are refused at once`() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let pipe = "\(folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let cases = [
            (pipe, "not a regular file"), (folder.path, "not a regular file"), ("/dev/null", "not a regular file"),
            ("\(folder.path)/none", "No such file"), ("\(pipe)/none", "Not a directory"), ("", "No such file"),
        ]
        for (path, reason) in cases {
            let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
            #expect(error?.path == path)
            #expect(error?.reason.contains(reason) == true, "\(path): \(error?.reason ?? "")")
        }
    }

    @Test func `stay readable when the name goes away`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.open(Self.sound)
        try FileManager.default.removeItem(atPath: file.path)
        let entry = try #require(file.entries["e"])
        #expect(file.withUnsafeBytes(of: entry) { Array($0) } == [40, 41, 42])
    }
}
