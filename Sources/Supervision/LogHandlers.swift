import Glibc
package import Logging

/// Chooses where the daemon's log goes.
package enum LogHandlers {
    /// What makes a handler for a label: for `LoggingSystem.bootstrap`.
    ///
    /// Under systemd events go to the journal with their fields; at a terminal, or into a file, they are plain lines.
    package static func factory(_ threshold: LogThreshold) -> @Sendable (String) -> any LogHandler {
        guard isJournal else { return { _ in LineLogHandler(threshold: threshold) } }
        return { JournalLogHandler(label: $0, threshold: threshold) }
    }

    /// Whether what is logged goes to the journal.
    package static var isJournal: Bool { isJournal(descriptor: STDERR_FILENO) }

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
