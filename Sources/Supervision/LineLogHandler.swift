import Glibc
package import Logging

/// Writes each event as one readable line to a descriptor: time, level, message, `key=value`.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }
    package var metadataProvider: Logger.MetadataProvider?
    private let descriptor: Int32
    private let isTerminal: Bool
    private let threshold: LogThreshold
    private var own: Logger.Level?

    /// A handler that writes to `descriptor`, standard error by default.
    package init(threshold: LogThreshold, descriptor: Int32 = STDERR_FILENO) {
        self.threshold = threshold
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let level = event.level.rawValue.uppercased()
        let all = LogHandlers.merge(metadata, provider: metadataProvider, event: event)
        let text = LogFormat.line(event.message.description, metadata: all)
        write(
            "\(LogFormat.time(now, withDate: !isTerminal)) "
                + "\(level)\(String(repeating: " ", count: max(0, 8 - level.utf8.count))) \(text)\n"
        )
    }

    /// One write a line, so that lines of several threads don't mix; a closed descriptor loses the line, no more.
    private func write(_ line: String) {
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
