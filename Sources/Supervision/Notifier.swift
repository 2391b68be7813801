import CSystemd
package import Dispatch
import Glibc

/// Tells the service manager how the daemon is doing, as sd_notify(3) describes.
///
/// Outside systemd (no `NOTIFY_SOCKET` in the environment) every call does nothing. Each call is one small datagram and
/// returns whether the service manager was there and took it. It blocks while the manager does not read, so what runs on
/// threads that others need goes through `later`.
package struct Notifier: Sendable {
    private let queue = DispatchQueue(label: "notifier")

    /// How often the service manager wants to hear `watchdog()`; nil where it doesn't watch this process.
    ///
    /// Send at less than half of it, so that one late beat is not a death sentence.
    package let watchdogInterval: Duration?

    /// Reads from the environment whether, and how closely, the service manager watches.
    package init() {
        var microseconds: UInt64 = 0
        let isWatched = unsafe sd_watchdog_enabled(0, &microseconds) > 0 && microseconds > 0
        watchdogInterval = isWatched ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// The daemon can answer requests; `status` tells what it serves.
    @discardableResult
    package func ready(status: String? = nil) -> Bool {
        send(["READY=1"] + (status.map { ["STATUS=\(Self.oneLine($0))"] } ?? []))
    }

    /// The one line about the daemon that `systemctl status` shows.
    @discardableResult
    package func status(_ text: String) -> Bool {
        send(["STATUS=\(Self.oneLine(text))"])
    }

    /// A reload has begun; `ready` ends it.
    ///
    /// The time goes along because the manager waits for a `READY=1` that is younger than its own request.
    @discardableResult
    package func reloading() -> Bool {
        var now = timespec()
        guard unsafe clock_gettime(CLOCK_MONOTONIC, &now) == 0 else { return send(["RELOADING=1"]) }
        let microseconds = UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        return send(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
    }

    /// The daemon has begun to shut down.
    @discardableResult
    package func stopping(status: String? = nil) -> Bool {
        send(["STOPPING=1"] + (status.map { ["STATUS=\(Self.oneLine($0))"] } ?? []))
    }

    /// Asks for `duration` from now before start, stop or run counts as timed out: something long is going well.
    @discardableResult
    package func extendTimeout(by duration: Duration) -> Bool {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let microseconds = overflow ? Int64.max / 2 : scaled + attoseconds / 1_000_000_000_000
        return send(["EXTEND_TIMEOUT_USEC=\(max(0, microseconds))"])
    }

    /// Asks for more time now and again and again, also while the calling thread is blocked, until the timer is cancelled.
    package func extendTimeoutUntilCancelled() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now(), repeating: .seconds(5))
        timer.setEventHandler { extendTimeout(by: .seconds(30)) }
        timer.resume()
        return timer
    }

    /// The daemon has just proved that it works.
    @discardableResult
    package func watchdog() -> Bool {
        send(["WATCHDOG=1"])
    }

    /// The daemon cannot go on, because of the system's error number `code`; `status` says it in words.
    @discardableResult
    package func failed(errno code: Int32, status: String) -> Bool {
        send(["ERRNO=\(code)", "STATUS=\(Self.oneLine(status))"])
    }

    /// Makes calls on a thread of its own, in the order in which they are given here; what is still to be sent when the
    /// process ends is lost.
    package func later(_ calls: @escaping @Sendable (Notifier) -> Void) {
        queue.async { calls(self) }
    }

    private func send(_ assignments: [String]) -> Bool {
        unsafe sd_notify(0, assignments.joined(separator: "\n")) > 0
    }

    /// A line break would start another assignment, and this text may hold words from outside.
    private static func oneLine(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            line.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
    }
}
