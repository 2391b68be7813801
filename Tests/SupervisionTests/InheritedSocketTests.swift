import Foundation
import Supervision
import Testing

/// Takes the inherited sockets where `descriptor` is the first that systemd passed, to the process `process`.
///
/// The number of that first one, 3, is another's here: it is borrowed for the call only.
private func take(
    _ descriptor: Int32,
    passedTo process: pid_t
) -> (taken: Result<[Int32], SupervisionError>, isClosedOnExec: Bool) {
    setenv("LISTEN_FDS", "1", 1)
    setenv("LISTEN_PID", "\(process)", 1)
    let kept = dup(3)
    dup2(descriptor, 3)
    let taken = Result { () throws(SupervisionError) in try InheritedSockets.take() }
    let flags = fcntl(3, F_GETFD)
    if kept >= 0 {
        dup2(kept, 3)
        close(kept)
    }
    return (taken, flags & FD_CLOEXEC != 0)
}

struct `Sockets from the service manager are taken only if they are what they should be` {
    @Test func `a listening stream socket is taken, closed on exec, and forgotten by the environment`() async {
        await #expect(processExitsWith: .success) {
            let socket = try UnixSocket(SOCK_STREAM)
            let (taken, isClosedOnExec) = take(socket.descriptor, passedTo: getpid())
            #expect(try taken.get() == [3])
            #expect(isClosedOnExec)
            #expect(getenv("LISTEN_FDS") == nil)
            #expect(getenv("LISTEN_PID") == nil)
            #expect(try InheritedSockets.take() == [])
        }
    }

    @Test func `what was meant for another process is left alone`() async {
        await #expect(processExitsWith: .success) {
            let socket = try UnixSocket(SOCK_STREAM)
            let (taken, isClosedOnExec) = take(socket.descriptor, passedTo: getppid())
            #expect(try taken.get() == [])
            #expect(!isClosedOnExec)
        }
    }

    @Test func `a datagram socket, a file and a closed descriptor are refused`() throws {
        let datagrams = try UnixSocket(SOCK_DGRAM)
        #expect(throws: SupervisionError.self) { try InheritedSockets.check(datagrams.descriptor) }
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        let error = try #require(throws: SupervisionError.self) { try InheritedSockets.check(file) }
        #expect(error.description.contains("descriptor \(file) is not a listening Unix stream socket"))
        #expect(throws: SupervisionError.self) { try InheritedSockets.check(Int32.max) }
        let streams = try UnixSocket(SOCK_STREAM)
        #expect(throws: Never.self) { try InheritedSockets.check(streams.descriptor) }
    }

    @Test func `nonsense in the environment is an error, not a guess`() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "\(getpid())", 1)
            setenv("LISTEN_FDS", "many", 1)
            #expect(throws: SupervisionError.self) { try InheritedSockets.take() }
        }
    }
}
