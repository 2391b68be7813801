import LineProtocol
import Testing
import attunectl

private func records(_ text: String) throws -> [Record] {
    try RecordFile.parse(Array(text.utf8), name: "file")
}

struct `Labelled texts are read from CSV and from JSON lines` {
    @Test(arguments: ["text,category\nhi,greeting\n", "label,x,text\ngreeting,9,hi\n", "\n\ntext,label\r\nhi,greeting"])
    func `the columns text and label or category in any place`(text: String) throws {
        let record = try #require(try records(text).first)
        #expect(record.input == "hi")
        #expect(record.label == "greeting")
    }

    @Test func `optional columns; empty is none`() throws {
        let both = try records(
            """
            text,label,slice,weight,predicted,textPair,idempotencyKey
            a,b,s,0.5,p,q,k
            a,b,,,,,
            """
        )
        #expect(both[0].slice == "s" && both[0].weight == 0.5 && both[0].predicted == "p")
        #expect(both[0].input == Input("a", textPair: "q") && both[0].key == "k")
        #expect(both[1].slice == nil && both[1].weight == nil && both[1].predicted == nil)
        #expect(both[1].input == "a" && both[1].idempotencyKey == nil)
    }

    @Test func `JSON lines`() throws {
        let found = try records(
            #"""
            {"input":"a","label":"b"}

            {"text":"c","category":"d","slice":"s","weight":2,"predicted":"p","idempotencyKey":"k"}
            {"input":{"text":"e","textPair":"f"},"label":"g","weight":null}
            """#
        )
        #expect(found.map(\.input) == ["a", "c", Input("e", textPair: "f")])
        #expect(found.map(\.label) == ["b", "d", "g"])
        #expect(found.map(\.line) == [1, 3, 4])
        #expect(found[1].slice == "s" && found[1].weight == 2 && found[1].predicted == "p" && found[1].key == "k")
    }

    @Test(arguments: [
        ("text,tag\na,b\n", "file:1: the header needs"),
        ("text,label\na\n", "file:2: 1 fields where the header has 2"),
        ("text,label,weight\na,b,heavy\n", "file:2: the weight 'heavy'"),
        ("text,text,label\n", "file:1: there are two"),
        ("{\"input\":\"a\",\"label\":\"b\"}\n{\"input\":\"a\"}\n", "file:2: 'label' is missing"),
        ("{\"input\":1,\"label\":\"b\"}", "file:1: 'input' must be a string"), ("{\"label\":\"b\"}", "file:1: 'input'"),
        ("{\"input\":\"a\",\"label\":\"b\"}\n[1]", "file:2: this must be an object"), ("{\"input\":", "file:1:"),
        ("{\"input\":\"a\",\"label\":\"b\",\"weight\":\"1\"}", "file:1: 'weight' must be a number"),
    ])
    func `faults name the file and the line`(text: String, words: String) throws {
        let failure = try #require(throws: Failure.self) { try records(text) }
        #expect(failure.code == .malformedFile)
        #expect(failure.message.hasPrefix(words), "\(failure.message)")
    }
}

struct `A row's key follows from its content and its line` {
    private func record(_ change: (inout Record) -> Void = { _ in }) -> Record {
        var record = Record(line: 7, input: "text", label: "label")
        change(&record)
        return record
    }

    @Test func `rows with the same text come one after the other, in their order`() {
        let records = zip(1..., ["a", "b", "a", "c", "a", "b"]).map { Record(line: $0, input: Input($1), label: "x") }
        #expect(Record.rounds(records).map { $0.map(\.line) } == [[1, 2, 4], [3, 6], [5]])
        #expect(Record.rounds([]).isEmpty)
    }

    @Test func `the same row has the same key, in every run`() {
        #expect(record().key == record().key)
        // FNV-1a as Python's integers compute it; another value would double what was taught before an upgrade.
        #expect(record().key == "file:7:12e92b451b29679a8ef463ab7529c7fe")
    }

    @Test func `whatever differs makes another key`() {
        let all = [
            record(), record { $0.slice = "s" }, record { $0.predicted = "s" }, record { $0.weight = 1 },
            record { $0.slice = "" }, Record(line: 8, input: "text", label: "label"),
            Record(line: 7, input: "textl", label: "abel"), Record(line: 7, input: "tex", label: "tlabel"),
            Record(line: 7, input: Input("text", textPair: ""), label: "label"),
        ]
        #expect(Set(all.map(\.key)).count == all.count)
    }

    @Test func `keys fit into the protocol's limit`() {
        let record = Record(line: Int.max, input: Input(String(repeating: "x", count: 100_000)), label: "l")
        #expect(record.key.utf8.count <= Limits.nameBytes)
    }
}

struct `Batches for prediction` {
    @Test(arguments: [(0, 10), (1, 10), (256, 10), (257, 10), (1000, 3000), (3, 600_000)])
    func `hold every record once, in order, within a line's limit`(count: Int, bytes: Int) {
        let records = (0..<count).map {
            Record(line: $0, input: Input(String(repeating: "a", count: bytes)), label: "l")
        }
        let batches = Record.batches(records)
        #expect(batches.flatMap { $0 } == records)
        for batch in batches {
            #expect(!batch.isEmpty && batch.count <= 256)
            #expect(batch.count == 1 || batch.count * bytes < Limits.lineBytes / 2)
        }
    }
}
