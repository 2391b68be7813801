import CSystemd
import Glibc
package import Logging

/// Hands each event to the journal with its fields, so that `journalctl ATTUNED_REVISION=000003` finds it.
///
/// Metadata keys become fields in capitals with the prefix `ATTUNED_` (`peerUid` is `ATTUNED_PEER_UID`), and are
/// repeated in the message for those who only read it. What is an ``EventKind`` has its `MESSAGE_ID`.
package struct JournalLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let threshold: LogThreshold
    private var own: Logger.Level?

    /// A handler for the events of the part of the daemon that `label` names.
    package init(label: String, threshold: LogThreshold) {
        self.label = label
        self.threshold = threshold
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = LogHandlers.merge(metadata, provider: metadataProvider, event: event)
        if !Self.send(Self.fields(event: event, metadata: all, label: label)) {
            var plain = LineLogHandler(threshold: threshold)
            plain.metadata = metadata
            plain.log(event: event)
        }
    }

    /// The event as the journal's `NAME=value` assignments.
    package static func fields(event: LogEvent, metadata: Logger.Metadata, label: String) -> [String] {
        var fields = [
            "MESSAGE=\(LogFormat.line(event.message.description, metadata: metadata))",
            "PRIORITY=\(LogFormat.priority(event.level))",
            "ATTUNED_COMPONENT=\(label)",
            "CODE_FILE=\(event.file)", "CODE_LINE=\(event.line)", "CODE_FUNC=\(event.function)",
        ]
        if let kind = EventKind(rawValue: event.message.description) { fields.append("MESSAGE_ID=\(kind.identifier)") }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            fields.append("\(name(key))=\(key == "revision" ? sixDigits("\(value)") : "\(value)")")
        }
        return fields
    }

    /// A revision's number as its directory has it, so that one finds what one saw there.
    private static func sixDigits(_ number: String) -> String {
        String(repeating: "0", count: max(0, 6 - number.utf8.count)) + number
    }

    /// A field's name: capitals, digits and underscores only, at most 64 of them, else the journal drops the field.
    private static func name(_ key: String) -> String {
        var name = "ATTUNED_"
        var isAfterSmall = false
        for scalar in key.unicodeScalars {
            let isCapital = ("A"..."Z").contains(scalar)
            let isSmall = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if isCapital && isAfterSmall { name += "_" }
            name += isCapital || isSmall ? String(scalar).uppercased() : "_"
            isAfterSmall = isSmall
        }
        return String(name.prefix(64))
    }

    private static func send(_ fields: [String]) -> Bool {
        // One block for all of them: iovec wants addresses that stay while the call lasts.
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for field in fields {
            let start = bytes.count
            bytes += field.utf8
            ranges.append(start..<bytes.count)
        }
        return unsafe bytes.withUnsafeMutableBytes { block in
            let vectors = unsafe ranges.map { range in
                unsafe iovec(iov_base: block.baseAddress?.advanced(by: range.lowerBound), iov_len: range.count)
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count)) >= 0
        }
    }
}
