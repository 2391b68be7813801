/// Builds a text in the OpenMetrics format, version 1.0.
struct OpenMetricsPage {
    private var lines: [String] = []

    /// A gauge without labels.
    mutating func gauge(_ name: String, _ help: String, _ value: Double, unit: String? = nil) {
        gauge(name, help, [([:], value)], unit: unit)
    }

    /// A gauge with one value for each set of labels.
    mutating func gauge(_ name: String, _ help: String, _ values: [([String: String], Double)], unit: String? = nil) {
        head(name, help, type: "gauge", unit: unit)
        for (labels, value) in values {
            lines.append("\(name)\(Self.braces(labels)) \(value)")
        }
    }

    /// A counter; its sample has the suffix `_total`.
    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        head(name, help, type: "counter", unit: nil)
        lines.append("\(name)_total \(value)")
    }

    /// The page, with its end mark.
    var text: String { (lines + ["# EOF"]).joined(separator: "\n") + "\n" }

    private mutating func head(_ name: String, _ help: String, type: String, unit: String?) {
        lines.append("# TYPE \(name) \(type)")
        if let unit { lines.append("# UNIT \(name) \(unit)") }
        lines.append("# HELP \(name) \(help)")
    }

    private static func braces(_ labels: [String: String]) -> String {
        if labels.isEmpty { return "" }
        let pairs = labels.sorted { $0.key < $1.key }.map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "\(name)=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}
