import Glibc
package import Logging

/// Chooses where the daemon's log goes.
package enum LogHandlers {
    /// The metadata key whose value is the event kind's own identifier, 32 hexadecimal digits (the journal's MESSAGE_ID).
    package static let messageIdentifierKey = "messageID"

    /// What makes a handler for a label: for `LoggingSystem.bootstrap`.
    ///
    /// Under systemd events go to the journal with their fields; at a terminal, or into a file, they are plain lines.
    package static func factory(level: Logger.Level) -> @Sendable (String) -> any LogHandler {
        guard isJournal(descriptor: STDERR_FILENO) else { return { _ in LineLogHandler(level: level) } }
        return { JournalLogHandler(label: $0, level: level) }
    }

    /// Whether `descriptor` leads to the journal: systemd says in `JOURNAL_STREAM` which device and inode does.
    package static func isJournal(descriptor: Int32) -> Bool {
        guard let stream = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }) else { return false }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { return false }
        return stream == "\(information.st_dev):\(information.st_ino)"
    }

    /// All metadata of an event: what is nearest to it wins.
    static func merge(
        _ own: Logger.Metadata,
        provider: Logger.MetadataProvider?,
        event: LogEvent
    ) -> Logger.Metadata {
        var all = own
        if let provided = provider?.get() { all.merge(provided) { $1 } }
        if let nearest = event.metadata { all.merge(nearest) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        return all
    }
}
