import Foundation
import Supervision
import Testing

struct `Sockets from the service manager are taken only if they are what they should be` {
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
