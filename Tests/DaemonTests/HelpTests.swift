import Testing

@Suite struct `What the programs' help says` {
    @Test func `can be pasted, as far as it is an example`() async throws {
        let (code, text) = try await Program.run("attuned", ["--help"])
        #expect(code == 0)
        #expect(text.contains("--state-directory ./state \\\n"), "\(text)")
        #expect(text.contains("--socket ./attuned.sock"), "\(text)")
    }

    @Test func `names the states that corrections can be released from, and no others are taken`() async throws {
        let (_, help) = try await Program.run("attunectl", ["corrections", "release", "--help"])
        let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("(values: withheld, quarantined, rejected)"), "\(help)")
        for state in ["queued", "learnt", "superseded", "retracted"] {
            let (code, text) = try await Program.run("attunectl", ["corrections", "release", "--state", state])
            #expect(code == 64 && text.contains("'withheld'"), "\(text)")
        }
    }
}
