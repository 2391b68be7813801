import Foundation
import Logging
import Supervision
import Testing

/// What `body` logs through a handler on a pipe.
private func lines(level: Logger.Level = .info, _ body: (Logger) -> Void) -> [String] {
    let pipe = Pipe()
    let handler = LineLogHandler(
        threshold: LogThreshold(level), descriptor: pipe.fileHandleForWriting.fileDescriptor)
    body(Logger(label: "test") { _ in handler })
    pipe.fileHandleForWriting.closeFile()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
}

/// The line without its time.
private func body(_ line: String) -> String {
    String(line.drop { $0 != " " }.dropFirst())
}

struct `A log line is readable and cannot be forged` {
    @Test func `time, level, message and sorted metadata`() throws {
        let output = lines { $0.warning("published", metadata: ["revision": "42", "b": "two words"]) }
        let line = try #require(output.first)
        #expect(body(line) == #"WARNING  published b="two words" revision=42"#)
        let time = try Regex(#"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$"#)
        #expect(line.prefix { $0 != " " }.wholeMatch(of: time) != nil)
    }

    @Test(arguments: [
        ("plain", "a=plain"), ("", #"a="""#), ("x=y", #"a="x=y""#), ("say \"hi\"", #"a="say \"hi\"""#),
        ("two\nlines", #"a=two\nlines"#), ("\u{1B}[2J", #"a=\u{1b}[2J"#), ("\u{2028}", #"a=\u{2028}"#),
        ("é 😀", #"a="é 😀""#),
    ])
    func `values are quoted and escaped`(value: String, expected: String) {
        let output = lines { $0.info("m", metadata: ["a": "\(value)"]) }
        #expect(output.map(body) == ["INFO     m \(expected)"])
    }

    @Test func `levels below the handler's are left out`() {
        let output = lines(level: .notice) { logger in
            for level in Logger.Level.allCases { logger.log(level: level, "m") }
        }
        #expect(output.map(body) == ["NOTICE   m", "WARNING  m", "ERROR    m", "CRITICAL m"])
    }

    @Test func `the event's metadata wins over the logger's`() {
        let output = lines { logger in
            var logger = logger
            logger[metadataKey: "a"] = "1"
            logger[metadataKey: "b"] = "1"
            logger.info("m", metadata: ["b": "2"])
        }
        #expect(output.map(body) == ["INFO     m a=1 b=2"])
    }

    @Test func `a threshold that changes holds for loggers that there are already`() {
        let threshold = LogThreshold(.info)
        var logger = Logger(label: "test") { JournalLogHandler(label: $0, threshold: threshold) }
        threshold.level = .warning
        #expect(logger.logLevel == .warning)
        logger.logLevel = .debug
        threshold.level = .error
        #expect(logger.logLevel == .debug)
    }
}

struct `Journal fields` {
    private func event(_ level: Logger.Level, _ message: Logger.Message) -> LogEvent {
        LogEvent(level: level, message: message, metadata: nil, source: "s", file: "f.swift", function: "g()", line: 7)
    }

    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func `levels are syslog's priorities`(level: Logger.Level, priority: Int) {
        let event = event(level, "m")
        let fields = JournalLogHandler.fields(event: event, metadata: [:], label: "test")
        #expect(fields.contains("PRIORITY=\(priority)"))
    }

    @Test func `metadata become fields in capitals`() {
        let event = event(.info, "published a revision")
        let fields = JournalLogHandler.fields(
            event: event,
            metadata: ["revision": "3", "peerUid": "1000", "odd key-é": "x"],
            label: "learning"
        )
        #expect(
            fields == [
                #"MESSAGE=published a revision odd key-é=x peerUid=1000 revision=3"#, "PRIORITY=6",
                "ATTUNED_COMPONENT=learning", "CODE_FILE=f.swift", "CODE_LINE=7", "CODE_FUNC=g()",
                "MESSAGE_ID=\(EventKind.publishedRevision.identifier)", "ATTUNED_ODD_KEY__=x", "ATTUNED_PEER_UID=1000",
                "ATTUNED_REVISION=000003",
            ]
        )
    }

    @Test func `every kind of event has an identifier of its own, in the journal's form`() throws {
        let identifiers = EventKind.allCases.map(\.identifier)
        #expect(Set(identifiers).count == identifiers.count)
        let form = try Regex("[0-9a-f]{32}")
        for identifier in identifiers { #expect(identifier.wholeMatch(of: form) != nil) }
    }

    @Test func `the journal is recognised by the stream's device and inode`() async {
        await #expect(processExitsWith: .success) {
            let pipe = Pipe()
            let descriptor = pipe.fileHandleForWriting.fileDescriptor
            var information = stat()
            fstat(descriptor, &information)
            setenv("JOURNAL_STREAM", "\(information.st_dev):\(information.st_ino)", 1)
            #expect(LogHandlers.isJournal(descriptor: descriptor))
            setenv("JOURNAL_STREAM", "\(information.st_dev):\(information.st_ino + 1)", 1)
            #expect(!LogHandlers.isJournal(descriptor: descriptor))
            unsetenv("JOURNAL_STREAM")
            #expect(!LogHandlers.isJournal(descriptor: descriptor))
        }
    }
}
