import ArgumentParser
import Foundation

/// Reads the texts that measurements use from a CSV file.
enum BenchFile {
    /// At most `limit` values of the column `text`, in file order.
    static func texts(_ path: String, limit: Int = 1024) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path), let content = String(data: data, encoding: .utf8)
        else { throw ValidationError("\(path): cannot be read, or is not UTF-8") }
        let rows = rows(content)
        guard let column = rows.first?.firstIndex(of: "text") else {
            throw ValidationError("\(path): the first line names no column 'text'")
        }
        let texts = rows.dropFirst().prefix(limit).compactMap { column < $0.count ? $0[column] : nil }
        guard !texts.isEmpty else { throw ValidationError("\(path): there are no texts in it") }
        return Array(texts)
    }

    /// Comma-separated values; a quote in the middle of a field begins or ends nothing but that field's quoting.
    private static func rows(_ content: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var isQuoted = false
        var wasQuote = false
        // By scalars: a line's end of two would be one character.
        for scalar in content.unicodeScalars where scalar != "\u{FEFF}" {
            if scalar == "\"" {
                // The second of two is one that is meant.
                if wasQuote { field.unicodeScalars.append(scalar) }
                wasQuote = isQuoted
                isQuoted.toggle()
                continue
            }
            wasQuote = false
            switch scalar {
            case "," where !isQuoted:
                row.append(field)
                field = ""
            case "\r" where !isQuoted: continue
            case "\n" where !isQuoted:
                row.append(field)
                field = ""
                if row != [""] { rows.append(row) }
                row = []
            default: field.unicodeScalars.append(scalar)
            }
        }
        row.append(field)
        if row != [""] { rows.append(row) }
        return rows
    }
}
