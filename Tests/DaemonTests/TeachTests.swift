import AttuneClient
import Foundation
import LineProtocol
import Testing

@Suite(.serialized) struct `Teaching a file` {
    /// What the tool says of a file with these rows.
    private func teach(
        _ rows: [String], _ daemon: DaemonProcess, wait: String = "journaled"
    ) async throws -> (code: Int32, text: String) {
        let file = daemon.folder.appending(path: "rows.csv")
        try (["text,label"] + rows).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        return try await Program.run(
            "attunectl",
            [
                "teach", "--socket", daemon.socket, "--human", "--wait", wait, "--file",
                file.path(percentEncoded: false),
            ])
    }

    @Test func `again is harmless, and tells which rows do not count any more`() async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let first = try await teach(["my card,alpha", "another,alpha"], daemon)
        #expect(first.code == 0, "\(first.text)")
        // A file that corrects itself is no fault, however often it is taught.
        for _ in 1...2 {
            let second = try await teach(["my card,gamma", "my card,beta"], daemon)
            #expect(second.code == 0, "\(second.text)")
        }
        let third = try await teach(["my card,alpha", "another,alpha"], daemon)
        #expect(third.code == 1)
        for words in [
            "line 2: taken before as correction ", ", which is superseded and stays so",
            "2 of 2 rows taken; 2 had been before (of which 1 do not count any more), 0 refused", "idempotencyKey",
        ] {
            #expect(third.text.contains(words), "\(third.text)")
        }
        #expect(!third.text.contains("line 3"), "\(third.text)")
        #expect(try await client.corrections().corrections.count == 4)
        client.close()
        await daemon.remove()
    }

    /// A last row that was there before, and one that is refused, have nothing to wait for.
    @Test(arguments: ["old,alpha,", "new,\(String(repeating: "x", count: 300)),"])
    func `waits for the newest row, wherever it is`(last: String) async throws {
        let daemon = try await DaemonProcess.start()
        let client = try AttuneClient(path: daemon.socket)
        let old = SubmitParameters("old", label: "alpha", idempotencyKey: "k", wait: .published)
        let before = try #require(try await client.submit(old).revision)
        let file = daemon.folder.appending(path: "rows.csv")
        try "text,label,idempotencyKey\none,beta,\ntwo,gamma,\n\(last)k\n".write(
            to: file, atomically: true, encoding: .utf8)
        let words = ["teach", "--socket", daemon.socket, "--json", "--wait", "published", "--file"]
        let (code, text) = try await Program.run("attunectl", words + [file.path(percentEncoded: false)])
        #expect(code == (last.hasPrefix("old") ? 0 : 1), "\(text)")
        let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("{") })
        guard case .object(let summary) = try JSONValue(parsing: Array(line.utf8)) else { return }
        #expect(summary["state"] == "learnt", "\(text)")
        guard case .integer(let revision)? = summary["revision"] else {
            Issue.record("no revision: \(text)")
            return
        }
        #expect(revision > before, "\(text)")
        #expect(try await client.status().corrections.queued == 0)
        client.close()
        await daemon.remove()
    }

    @Test func `and waiting for a burst that comes to nothing is no success`() async throws {
        // Enough to judge a body by, and nothing to tune.
        let settings = "tuning: {enabled: false, targets: [pooler.dense], holdoutShare: 2}"
        let daemon = try await DaemonProcess.start(settings: settings)
        let taught = try await teach(
            (0..<100).map { "text \($0),\($0 % 2 == 0 ? "alpha" : "beta")" }, daemon, wait: "published")
        #expect(taught.code == 0, "\(taught.text)")
        let words = ["tuning", "start", "--socket", daemon.socket, "--wait", "finished", "--human"]
        let (code, text) = try await Program.run("attunectl", words)
        #expect(code == 1 && text.contains("nothing was published: burst 1 is failed"), "\(text)")
        await daemon.remove()
    }
}
