import Testing
import attunectl

private func fields(_ text: String) throws -> [[String]] {
    try CSVParser.rows(Array(text.utf8)).map(\.fields)
}

struct `CSV is read as RFC 4180 has it` {
    @Test(arguments: [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a\n\"x,y\"\n", [["a"], ["x,y"]]),
        ("a\n\"say \"\"hi\"\"\"\n", [["a"], ["say \"hi\""]]),
        ("a,b\n\"two\nlines\",2\n", [["a", "b"], ["two\nlines", "2"]]),
        ("a,b\n\"two\r\nlines\",2\r\n", [["a", "b"], ["two\r\nlines", "2"]]),
        ("a,b\n,\n", [["a", "b"], ["", ""]]),
        ("a,b\n\n\r\n1,\"\"", [["a", "b"], ["1", ""]]),
        ("a,b\n x , y \n", [["a", "b"], [" x ", " y "]]),
        ("a\rb,c\n", [["a\rb", "c"]]),
        ("\u{FEFF}a,b\n", [["a", "b"]]),
        ("é,😀\n", [["é", "😀"]]),
        ("a,b,", [["a", "b", ""]]),
        ("", []),
    ])
    func `records and fields`(text: String, expected: [[String]]) throws {
        #expect(try fields(text) == expected)
    }

    @Test func `each record knows the line on which it begins`() throws {
        let rows = try CSVParser.rows(Array("h\n\"a\nb\nc\"\n\nd\n".utf8))
        #expect(rows.map(\.line) == [1, 2, 6])
    }

    @Test(arguments: [
        ("a\n\"never\nends", 2, "never ends"), ("a\n\"x\"y\n", 2, "closing quote"),
        ("a\nb\nx\"y\n", 3, "must be quoted"), ("a\n\"p\nq\"z\n", 3, "closing quote"),
    ])
    func `faults name their line`(text: String, line: Int, words: String) throws {
        let fault = try #require(throws: CSVParser.Fault.self) { try fields(text) }
        #expect(fault.line == line)
        #expect(fault.message.contains(words))
    }

    @Test func `what is not UTF-8 is a fault of its line`() throws {
        let fault = try #require(throws: CSVParser.Fault.self) {
            try CSVParser.rows(Array("a\nb\n".utf8) + [0xFF, 0x0A])
        }
        #expect(fault.line == 3 && fault.message == "this is not UTF-8")
    }

    @Test func `fields written by the rules come back as they were`() throws {
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = ["a", ",", "\"", "\n", "\r\n", "\r", " ", "é", "😀", "", "\u{301}"]
        let rows = (0..<500).map { _ in (0..<3).map { _ in (0..<random(6)).map { _ in pieces[random(11)] }.joined() } }
        // By scalars: a quote with a combining mark behind it is a quote.
        func quoted(_ field: String) -> String {
            field.unicodeScalars.reduce("\"") { $0 + ($1 == "\"" ? "\"\"" : String($1)) } + "\""
        }
        let text = rows.map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
        // Compared by bytes: two texts that merely look the same must not pass.
        #expect(try fields(text).map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
    }
}
