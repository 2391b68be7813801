import Foundation
import LineProtocol

/// Labelled texts from a file: CSV with a header, or JSON lines.
package enum RecordFile {
    /// Reads the file at `path`, or standard input for `-`; a file that begins with `{` holds JSON lines.
    static func read(_ path: String) throws(Failure) -> [Record] {
        let bytes: [UInt8]
        if (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
            throw Failure(.unreadableFile, "cannot read \(path): it is a directory")
        }
        do {
            let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            bytes = Array(try file.readToEnd() ?? Data())
        } catch {
            throw Failure(.unreadableFile, "cannot read \(path): \(error.localizedDescription)")
        }
        return try parse(bytes, name: path == "-" ? "standard input" : path)
    }

    /// Reads a file's content; faults name the line.
    package static func parse(_ bytes: [UInt8], name: String) throws(Failure) -> [Record] {
        let first = bytes.first { !" \t\r\n".utf8.contains($0) }
        do {
            return first == UInt8(ascii: "{") ? try jsonLines(bytes) : try csv(bytes)
        } catch {
            throw Failure(.malformedFile, "\(name):\(error.line): \(error.message)")
        }
    }

    private static func csv(_ bytes: [UInt8]) throws(CSVParser.Fault) -> [Record] {
        let rows = try CSVParser.rows(bytes)
        guard let header = rows.first else { return [] }
        let columns = try Columns(header)
        var records: [Record] = []
        for row in rows.dropFirst() {
            guard row.fields.count == header.fields.count else {
                let message = "\(row.fields.count) fields where the header has \(header.fields.count)"
                throw CSVParser.Fault(line: row.line, message: message)
            }
            records.append(try columns.record(row))
        }
        return records
    }

    private struct Columns {
        let text: Int
        let label: Int
        let others: [String: Int]

        init(_ header: CSVParser.Row) throws(CSVParser.Fault) {
            var places: [String: Int] = [:]
            for (index, name) in header.fields.enumerated() {
                guard places.updateValue(index, forKey: name) == nil else {
                    throw CSVParser.Fault(line: header.line, message: "there are two columns '\(name)'")
                }
            }
            guard let text = places["text"], let label = places["label"] ?? places["category"] else {
                let found = header.fields.map { "'\(Text.short($0, width: 30))'" }.joined(separator: ", ")
                let message = "the header needs the columns 'text' and 'label' (or 'category'), but has \(found)"
                throw CSVParser.Fault(line: header.line, message: message)
            }
            self.text = text
            self.label = label
            others = places
        }

        func record(_ row: CSVParser.Row) throws(CSVParser.Fault) -> Record {
            // An empty field of an optional column is none.
            func optional(_ name: String) -> String? {
                guard let index = others[name], !row.fields[index].isEmpty else { return nil }
                return row.fields[index]
            }
            var record = Record(
                line: row.line,
                input: Input(row.fields[text], textPair: optional("textPair")),
                label: row.fields[label]
            )
            record.slice = optional("slice")
            record.predicted = optional("predicted")
            record.idempotencyKey = optional("idempotencyKey")
            if let weight = optional("weight") {
                guard let number = Double(weight), number.isFinite else {
                    throw CSVParser.Fault(line: row.line, message: "the weight '\(Text.short(weight))' is not a number")
                }
                record.weight = number
            }
            return record
        }
    }

    private static func jsonLines(_ bytes: [UInt8]) throws(CSVParser.Fault) -> [Record] {
        var records: [Record] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ " \t\r".utf8.contains($0) }) {
            do {
                records.append(try record(JSONValue(parsing: Array(line)), line: index + 1))
            } catch let error as ProtocolError {
                throw CSVParser.Fault(line: index + 1, message: error.message)
            } catch let error as CSVParser.Fault {
                throw error
            } catch {
                throw CSVParser.Fault(line: index + 1, message: "\(error)")
            }
        }
        return records
    }

    private static func record(_ value: JSONValue, line: Int) throws -> Record {
        func fault(_ message: String) -> CSVParser.Fault { CSVParser.Fault(line: line, message: message) }
        guard case .object(let object) = value else { throw fault("this must be an object with 'input' and 'label'") }
        func text(_ name: String, in object: JSONObject) throws -> String? {
            switch object[name] {
            case .string(let text): return text
            case nil, .null: return nil
            default: throw fault("'\(name)' must be a string")
            }
        }
        let input: Input
        if case .object(let pair) = object["input"] {
            guard let first = try text("text", in: pair) else { throw fault("'input' must have 'text'") }
            input = Input(first, textPair: try text("textPair", in: pair))
        } else {
            guard let first = try text("input", in: object) ?? text("text", in: object) else {
                throw fault("'input' (or 'text') is missing")
            }
            input = Input(first, textPair: try text("textPair", in: object))
        }
        guard let label = try text("label", in: object) ?? text("category", in: object) else {
            throw fault("'label' is missing")
        }
        var record = Record(line: line, input: input, label: label)
        record.slice = try text("slice", in: object)
        record.predicted = try text("predicted", in: object)
        record.idempotencyKey = try text("idempotencyKey", in: object)
        switch object["weight"] {
        case nil, .null: break
        case .integer(let number): record.weight = Double(number)
        case .number(let number): record.weight = number
        default: throw fault("'weight' must be a number")
        }
        return record
    }
}
