import Dispatch
import Foundation
import Glibc
import Learning
import Logging
import ServiceLifecycle
import SocketServer
import Supervision

/// Tells the service manager that the daemon works, as long as it does.
///
/// It is a client of its own daemon: a text goes in as a line and has to come out as an embedding, through the event loop,
/// the parser, the tokenizer and the model. On a thread of its own, so that nothing it watches can wake or feed it.
struct Watchdog: Service {
    let notifier: Notifier
    let server: SocketServer
    let learner: Learner
    let logger: Logger

    func run() async throws {
        guard let interval = notifier.watchdogInterval else { return try await gracefulShutdown() }
        let descriptor = try await server.connectToSelf()
        let thread = Thread { [notifier, learner, logger] in
            var progress = LearningProgress()
            var probe = Probe(descriptor: descriptor)
            while true {
                let asked = ContinuousClock.now
                guard probe.isAnswered() else { break }
                let seconds = asked.duration(to: .now) / .seconds(1)
                if seconds > interval / .seconds(2) {
                    logger.warning("slow to answer itself", metadata: ["seconds": "\(seconds)"])
                }
                if progress.isMade(learner.burst) { notifier.watchdog() }
                probe.rest(interval / 4)
            }
            close(descriptor)
        }
        thread.name = "watchdog"
        thread.start()
        try await gracefulShutdown()
    }
}

/// Questions to the daemon itself, one after another, over its own end of a connection.
private struct Probe {
    let descriptor: Int32
    private var number = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Asks, and waits for the answer: true as well where it comes late, since what is late may yet catch up; false when the
    /// connection is over.
    mutating func isAnswered() -> Bool {
        number += 1
        let question = #"{"jsonrpc":"2.0","id":\#(number),"method":"embed","params":{"input":"still there?"}}"# + "\n"
        var bytes = Array(question.utf8)
        guard send(descriptor, &bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return false }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            // One question at a time, so the first line feed ends its answer. Overloaded is an answer, too.
            if buffer[..<count].contains(UInt8(ascii: "\n")) { return true }
        }
    }

    /// Waits, or until the connection is over.
    func rest(_ duration: Duration) {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&poll, 1, Int32(max(1, duration / .milliseconds(1))))
    }
}

/// Whether a burst gets on, counted in steps and in the processor time that it has had for them.
///
/// Wall time tells nothing: at idle priority a burst may rightly starve.
private struct LearningProgress {
    private var seen: BurstStatus?
    private var since = Duration.zero

    /// What one step may take, of all threads together; a step of the longest texts takes less than a minute.
    private static let longestStep = Duration.seconds(600)

    mutating func isMade(_ burst: BurstStatus?) -> Bool {
        let spent = IdleThread.processorTime
        if burst != seen {
            seen = burst
            since = spent
        }
        // Between two steps only: before the first and after the last one there is other work, as long as the journal.
        guard let burst, burst.state == .running, burst.step > 0, burst.step < burst.steps else { return true }
        return spent - since < Self.longestStep
    }
}
