import Foundation

/// How numbers, texts and tables look for people.
package enum Text {
    /// 0.12344 as `0.1234`: the digits of a loss that tell anything.
    package static func decimals(_ value: Double) -> String { String(format: "%.4f", value) }

    /// 0.1234 as `12.3 %`.
    package static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    /// A share of 1 as a bar of at most `width` blocks.
    package static func bar(_ share: Double, width: Int) -> String {
        String(repeating: "█", count: Int((min(max(share, 0), 1) * Double(width)).rounded()))
    }

    /// `text` on one line, without what could steer a terminal, at most `width` characters.
    package static func short(_ text: String, width: Int = 60) -> String {
        let plain = plain(text)
        return plain.count <= width ? plain : plain.prefix(width - 1) + "…"
    }

    /// `text` with control characters made visible as spaces.
    package static func plain(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// 93784 seconds as `1 d 2 h`.
    package static func duration(_ seconds: Double) -> String {
        let total = Int(min(max(seconds, 0), 1e15))
        return switch total {
        case ..<60: "\(total) s"
        case ..<3600: "\(total / 60) min \(total % 60) s"
        case ..<86_400: "\(total / 3600) h \(total / 60 % 60) min"
        default: "\(total / 86_400) d \(total / 3600 % 24) h"
        }
    }

    /// Rows in columns below their titles, numbers to the right.
    package static func table(_ titles: [String], _ rows: [[String]]) -> [String] {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let isNumeric = titles.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isEmpty || $0[column].first?.isNumber == true }
                && rows.contains { !$0[column].contains("-") && !$0[column].isEmpty }
        }
        return all.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? space + row[column] : row[column] + space
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Names and values below each other.
    package static func pairs(_ rows: [(name: String, value: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
    }
}
