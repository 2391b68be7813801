import AttuneClient
import LineProtocol
import Testing
import attunectl

struct `A correction is sent again` {
    @Test func `where that is of use, after the time that the daemon names`() {
        #expect(Submission.pause(after: .protocolError(full)) == .milliseconds(50))
        let unknown = ProtocolError(.durabilityUnknown, .commit, "the commit failed")
        #expect(Submission.pause(after: .protocolError(unknown)) != nil)
        #expect(Submission.pause(after: .closed) == nil)
    }

    @Test func `but not over a connection that there was no room for`() {
        let crowded = ProtocolError(.overloaded, .tooManyConnections, "no more", details: full.details)
        #expect(Submission.pause(after: .protocolError(crowded)) == nil)
        #expect(Failure(.protocolError(crowded)).code == .tryAgain)
        #expect(Failure(.protocolError(crowded)).message.contains("close others"))
    }

    @Test func `and whose daemon may have failed to start is told where systemd says why`() {
        let instance = Failure(.closed, socket: "/run/attuned/spam.sock")
        #expect(instance.message.contains("systemctl status attuned@spam.service"))
        #expect(!Failure(.closed, socket: "/tmp/spam.sock").message.contains("systemctl"))
    }

    private let full = ProtocolError.overloaded("the queue is full", retryAfterMs: 50)
}
