import Foundation
import Glibc
import Storage
import Testing

@Suite struct `Remembered digests` {
    /// A model of one file, and a state that may remember its digest.
    private struct Place {
        let directory: TemporaryDirectory
        var weights: String { "\(directory.path)/model.safetensors" }
        var memo: String { "\(directory.path)/\(DigestMemo.fileName)" }

        init() throws {
            directory = try TemporaryDirectory()
            try write("weights")
        }

        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: weights)) }

        /// What the file system says of the weights.
        func status() throws -> stat {
            var status = stat()
            try #require(unsafe stat(weights, &status) == 0)
            return status
        }

        /// The model's digest as a process finds it that comes so many seconds `after` the last change, and its memo.
        func identify(after: Int = 3) throws -> (digest: String, memo: DigestMemo) {
            let now = try status().st_ctim.tv_sec + after
            let memo = DigestMemo(stateDirectory: directory.path, now: { now })
            let identity = try BaseModelIdentity(name: "tiny", directory: directory.path, memo: memo)
            return (identity.digest, memo)
        }

        /// What it is when everything is read.
        func truth() throws -> String { try BaseModelIdentity(name: "tiny", directory: directory.path).digest }

        /// Has the state remember another digest than the right one.
        func mislead() throws {
            let line = try String(contentsOfFile: memo, encoding: .utf8).split(separator: "\n")[0].split(separator: " ")
            let text = (line[..<7] + [Substring(String(repeating: "0", count: 64))]).joined(separator: " ")
            try "\(text) \(ContentDigest(of: Data(text.utf8)).hex)\n".write(
                toFile: memo, atomically: false, encoding: .utf8)
        }
    }

    @Test func `are of every file that has a say in the answers, and of no other`() throws {
        let place = try Place()
        let folder = place.directory.path
        func write(_ name: String, _ text: String) throws {
            let path = URL(filePath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: path)
        }
        var known = [try place.truth()]
        func isNew() throws -> Bool {
            let digest = try place.truth()
            defer { known.append(digest) }
            return !known.contains(digest)
        }
        try write("modules.json", #"[{"type": "a.Pooling", "path": "pool"}, {"type": "b", "path": "x\u0000"}]"#)
        #expect(try isNew())
        for text in [#"{"pooling_mode": "mean"}"#, #"{"pooling_mode": "cls"}"#] {
            try write("pool/config.json", text)
            #expect(try isNew(), "\(text)")
        }
        try write("README.md", "about it")
        #expect(try place.truth() == known.last)
        // The general limit counts where there is no other.
        for text in [#"{"model_max_length": 512}"#, #"{"model_max_length": 6}"#] {
            try write("tokenizer_config.json", text)
            #expect(try isNew(), "\(text)")
        }
        try write("sentence_bert_config.json", #"{"max_seq_length": null}"#)
        #expect(try isNew())
        try write("sentence_bert_config.json", #"{"max_seq_length": 256}"#)
        #expect(try isNew())
        try write("tokenizer_config.json", #"{"model_max_length": 7}"#)
        #expect(try place.truth() == known.last)
        // What nobody can read as JSON is a file all the same.
        try write("modules.json", "[")
        #expect(try isNew())
    }

    @Test func `spare reading a file that has not changed`() throws {
        let place = try Place()
        let first = try place.identify()
        #expect(try first.digest == place.truth())
        first.memo.save()
        #expect(try place.identify().digest == place.truth())
        // It goes by what is remembered, then.
        try place.mislead()
        #expect(try place.identify().digest != place.truth())
    }

    @Test func `do not outlive a change, even one that leaves size and time of the content as they were`() throws {
        let place = try Place()
        try place.identify().memo.save()
        try place.mislead()
        let before = try place.status()
        // Times may be as coarse as the clock's ticks.
        while try place.status().st_ctim.tv_nsec == before.st_ctim.tv_nsec {
            let file = unsafe open(place.weights, O_WRONLY)
            try #require(unsafe pwrite(file, "WEIGHTS", 7, 0) == 7)
            var times = (before.st_atim, before.st_mtim)
            let result = unsafe withUnsafePointer(to: &times) { pair in
                unsafe pair.withMemoryRebound(to: timespec.self, capacity: 2) { unsafe futimens(file, $0) }
            }
            close(file)
            try #require(result == 0)
        }
        #expect(try place.status().st_mtim.tv_nsec == before.st_mtim.tv_nsec)
        #expect(try place.identify().digest == place.truth())
        // And neither does a file that took its place.
        try place.identify().memo.save()
        try place.mislead()
        try FileManager.default.removeItem(atPath: place.weights)
        try place.write("another")
        #expect(try place.identify().digest == place.truth())
    }

    @Test func `are of no file so young that a change might not show`() throws {
        let place = try Place()
        try place.identify(after: 2).memo.save()
        #expect(!FileManager.default.fileExists(atPath: place.memo))
        try place.identify(after: 3).memo.save()
        try place.mislead()
        #expect(try place.identify(after: 2).digest == place.truth())
    }

    @Test func `count for nothing where they are damaged or may be somebody else's`() throws {
        let place = try Place()
        try place.identify().memo.save()
        let text = try String(contentsOfFile: place.memo, encoding: .utf8)
        try place.mislead()
        let misleading = try String(contentsOfFile: place.memo, encoding: .utf8)
        let damaged = [
            "", "\u{0}\u{0}", String(misleading.dropLast(2)), String(misleading.prefix(misleading.count / 2)),
            misleading.replacing(" 000", with: " 001", maxReplacements: 1), "1" + misleading,
        ]
        for damaged in damaged {
            try damaged.write(toFile: place.memo, atomically: false, encoding: .utf8)
            #expect(try place.identify().digest == place.truth(), "\(damaged)")
        }
        try misleading.write(toFile: place.memo, atomically: false, encoding: .utf8)
        try #require(unsafe chmod(place.memo, 0o666) == 0)
        #expect(try place.identify().digest == place.truth())
        // What was found is written in its place.
        try place.identify().memo.save()
        #expect(try String(contentsOfFile: place.memo, encoding: .utf8) == text)
    }

    @Test func `of files that are not asked for any more are forgotten`() throws {
        let place = try Place()
        try place.identify().memo.save()
        try FileManager.default.removeItem(atPath: place.weights)
        try place.write("another")
        try place.identify().memo.save()
        let lines = try String(contentsOfFile: place.memo, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
    }
}
