import Glibc
import Logging

/// How a log event reads as a line of text.
enum LogFormat {
    /// `message key=value other="two words"`, keys in order, so that equal events read the same.
    static func line(_ message: String, metadata: Logger.Metadata) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }
        return pairs.reduce(into: printable(message)) { $0 += " \($1.key)=\(quoted("\($1.value)"))" }
    }

    /// `text` with control characters escaped: nobody can forge a line, or steer the terminal, by what they send.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isUnsafe(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// `text` in quotation marks where it would otherwise not end where it seems to.
    private static func quoted(_ text: String) -> String {
        let plain = printable(text)
        guard plain.isEmpty || plain.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return plain }
        return "\"" + plain.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Local time: of day only for people at a terminal, with the date and the zone for a file.
    static func time(_ moment: timespec, withDate: Bool) -> String {
        var seconds = moment.tv_sec
        var local = unsafe tm()
        guard unsafe localtime_r(&seconds, &local) != nil else { return "?" }
        func field(_ format: String) -> String {
            var buffer = [CChar](repeating: 0, count: 64)
            let length = unsafe strftime(&buffer, buffer.count, format, &local)
            return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        let digits = String(moment.tv_nsec / 1_000_000)
        let fraction = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        return withDate ? field("%Y-%m-%dT%H:%M:%S.") + fraction + field("%z") : field("%H:%M:%S.") + fraction
    }

    /// The level as syslog(3) numbers it, which is also what the journal calls priority.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
