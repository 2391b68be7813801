import Foundation
import Supervision
import Testing

/// Every test has a process of its own, because the environment, which tells where to notify, belongs to the process.
struct `The notifier speaks to the service manager` {
    @Test func `readiness, status and stopping arrive as assignments`() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let notifier = Notifier()
            #expect(notifier.ready(status: "revision 000042"))
            #expect(manager.datagram() == "READY=1\nSTATUS=revision 000042")
            #expect(notifier.ready())
            #expect(manager.datagram() == "READY=1")
            #expect(notifier.status("3 waiting"))
            #expect(manager.datagram() == "STATUS=3 waiting")
            #expect(notifier.stopping(status: "draining"))
            #expect(manager.datagram() == "STOPPING=1\nSTATUS=draining")
        }
    }

    @Test func `a status cannot smuggle in another assignment`() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            Notifier().status("label\nSTOPPING=1\r\u{0}é")
            #expect(manager.datagram() == "STATUS=label STOPPING=1  é")
        }
    }

    @Test func `a reload carries the monotonic time`() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            func now() -> UInt64 { clock_gettime_nsec() / 1000 }
            func clock_gettime_nsec() -> UInt64 {
                var time = timespec()
                clock_gettime(CLOCK_MONOTONIC, &time)
                return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            }
            let before = now()
            Notifier().reloading()
            let after = now()
            let message = try #require(manager.datagram())
            let prefix = "RELOADING=1\nMONOTONIC_USEC="
            #expect(message.hasPrefix(prefix))
            let sent = try #require(UInt64(message.dropFirst(prefix.count)))
            #expect(before <= sent && sent <= after)
        }
    }

    @Test func `extended timeouts, heartbeats and faults`() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let notifier = Notifier()
            notifier.extendTimeout(by: .milliseconds(2500))
            #expect(manager.datagram() == "EXTEND_TIMEOUT_USEC=2500000")
            notifier.extendTimeout(by: .seconds(Int64.max))
            #expect(manager.datagram()?.hasPrefix("EXTEND_TIMEOUT_USEC=4611686018427387903") == true)
            notifier.watchdog()
            #expect(manager.datagram() == "WATCHDOG=1")
            notifier.failed(errno: ENOSPC, status: "disk full")
            #expect(manager.datagram() == "ERRNO=28\nSTATUS=disk full")
        }
    }

    @Test func `time is asked for while a thread is blocked, until that is over`() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let timer = Notifier().extendTimeoutUntilCancelled()
            #expect(manager.datagram() == "EXTEND_TIMEOUT_USEC=30000000")
            timer.cancel()
        }
    }

    @Test func `outside systemd nothing happens`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            unsetenv("WATCHDOG_USEC")
            let notifier = Notifier()
            #expect(!notifier.ready())
            #expect(!notifier.watchdog())
            #expect(notifier.watchdogInterval == nil)
        }
    }

    @Test func `the watchdog's interval counts only for the process it names`() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "5000000", 1)
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            #expect(Notifier().watchdogInterval == .seconds(5))
            setenv("WATCHDOG_PID", "1", 1)
            #expect(Notifier().watchdogInterval == nil)
        }
    }
}
