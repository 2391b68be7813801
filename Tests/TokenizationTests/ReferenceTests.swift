import Foundation
import Testing
import Tokenization

/// Hugging Face tokenizers is the reference; see Tests/references/tokenizer_reference.py.
@Suite struct `Hugging Face's tokenizers` {
    @Test func `give the same ids, type ids and origins`() throws {
        let path = try #require(
            ProcessInfo.processInfo.environment["ATTUNED_TOKENIZER_REFERENCE"],
            """
            set ATTUNED_TOKENIZER_REFERENCE to the OUTPUT of \
            Tests/references/tokenizer_reference.py MODEL_DIR OUTPUT [--csv FILE...]
            """
        )
        let directory = URL(filePath: path).deletingLastPathComponent()
        var reader = ReferenceReader(try [UInt8](Data(contentsOf: URL(filePath: path))))
        let tokenizers = try reader.tokenizerNames().map { name in
            let file = directory.appending(path: name)
            return try Tokenizer(json: Data(contentsOf: file), path: file.path)
        }
        var compared = ["random strings": 0, "texts from CSV files": 0]
        var different = 0
        while let record = reader.next() {
            let tokenizer = tokenizers[record.tokenizer]
            let limit = record.maximumLength
            let encoding = tokenizer.encode(record.text, pair: record.pair, maximumLength: limit, spans: true)
            var plain = encoding
            plain.spans = []
            compared[record.isFromCSV ? "texts from CSV files" : "random strings", default: 0] += 1
            // The way without origins is another one; both must agree.
            if encoding != record.encoding
                || tokenizer.encode(record.text, pair: record.pair, maximumLength: limit) != plain
            {
                different += 1
                if different <= 5 { Issue.record("\(Difference(record, encoding))") }
            }
        }
        #expect(reader.isAtEnd)
        #expect(different == 0)
        let counts = compared.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: " and ")
        print("compared with Hugging Face tokenizers: \(counts), \(tokenizers.count) tokenizers, \(different) differ")
        #expect(compared.values.reduce(0, +) >= 20_000)
    }
}

/// What to know about a text that comes out otherwise.
private struct Difference: CustomStringConvertible {
    let description: String

    init(_ record: ReferenceReader.Record, _ encoding: Encoding) {
        let place = zip(encoding.spans, record.encoding.spans).enumerated().first { $1.0 != $1.1 }
        let scalars = (record.text + (record.pair.map { " | \($0)" } ?? "")).unicodeScalars
            .prefix(300).map { String($0.value, radix: 16) }.joined(separator: " ")
        description = """
            tokenizer \(record.tokenizer), at most \(record.maximumLength): \(scalars)
            ids \(encoding.ids.prefix(80)) expected \(record.encoding.ids.prefix(80)),
            type ids \(encoding.typeIDs == record.encoding.typeIDs), truncated \(encoding.truncated) \
            expected \(record.encoding.truncated),
            first other origin \(place.map { "\($0)" } ?? "none")
            """
    }
}
