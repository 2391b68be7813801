import Foundation

/// Standard input, output and error.
enum Console {
    /// Whether people read standard output.
    static let isTerminal = isatty(STDOUT_FILENO) == 1
    /// Whether people read standard error.
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a line to standard output, at once.
    static func print(_ line: String) { write(Array((line + "\n").utf8), to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func complain(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }

    /// Writes to standard error as it is.
    static func show(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    /// The next line of standard input without its terminator; nil at its end.
    ///
    /// Waits on a queue of its own, so that replies arrive while a person types.
    static func readLine() async -> String? {
        await withCheckedContinuation { continuation in
            input.async { continuation.resume(returning: Swift.readLine(strippingNewline: true)) }
        }
    }

    private static let input = DispatchQueue(label: "attunectl.input")

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
