import ArgumentParser
import Foundation

/// One field of what was measured.
enum ReportValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case integer(Int)
    /// A number, and how many digits after the point are worth writing.
    case number(Double, digits: Int = 2)

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .integer(value) }

    /// As people read it.
    var plain: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .number(let number, let digits): number.isFinite ? String(format: "%.\(digits)f", number) : "-"
        }
    }

    /// As JSON; a number that is none is null.
    var json: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number, _) where !number.isFinite: "null"
        case .integer, .number: plain
        }
    }

    fileprivate static func quoted(_ text: String) -> String {
        let data = try? JSONEncoder().encode(text)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// What was measured, written as it comes: JSON objects, one a line, or tables.
final class Report {
    typealias Row = KeyValuePairs<String, ReportValue>

    private let isJSON: Bool
    private var columns: [String] = []
    private var rows: [[String]] = []

    init(_ options: ReportOptions) { isJSON = options.json }

    /// Writes a row; in tables, with those before it that have the same fields.
    func add(_ row: Row) {
        if isJSON {
            let fields = [("peer", "attuned")] + row.map { ($0, $1) }
            write("{" + fields.map { "\(ReportValue.quoted($0)): \($1.json)" }.joined(separator: ", ") + "}")
            return
        }
        if row.map(\.key) != columns {
            finish()
            columns = row.map(\.key)
        }
        rows.append(row.map(\.value.plain))
    }

    /// Writes the table that has not been written yet.
    func finish() {
        guard !rows.isEmpty else { return }
        let widths = columns.indices.map { column in
            rows.reduce(columns[column].count) { max($0, $1[column].count) }
        }
        for row in [columns] + rows {
            // Numbers are read from the right, words from the left.
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return Double(rows[0][column]) == nil ? row[column] + padding : padding + row[column]
            }
            write(cells.joined(separator: "  "))
        }
        write("")
        rows = []
        columns = []
    }

    /// Writes at once, so that whoever waits for a long measurement sees how far it is.
    private func write(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}

/// How results are written.
struct ReportOptions: ParsableArguments {
    @Flag(help: "Write a JSON object a line, not tables.")
    var json = false
}

/// What measurements of the engine share.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that compute.", valueName: "n"))
    var threads = 1

    func validate() throws {
        guard (1...256).contains(threads) else { throw ValidationError("--threads takes 1 to 256") }
    }
}
