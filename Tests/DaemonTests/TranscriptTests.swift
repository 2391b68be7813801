import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct `Every transcript of the protocol's specification replays against the daemon` {
    /// Conditions that only a server with a stub behind it can be brought into; played in SocketServerTests.
    static let stubbed: Set<String> = [
        "unprivileged peer", "overloaded", "read-only", "durability unknown", "internal error", "slow handler",
        "connection limit",
    ]

    static func transcripts() -> [Transcript] {
        (try? ProtocolFolder.transcripts())?.filter { transcript in
            transcript.requires.map { !stubbed.contains($0) } ?? true
        } ?? []
    }

    @Test(arguments: transcripts())
    func `of one conversation`(transcript: Transcript) async throws {
        let labels = transcript.requires == "no labels" ? [] : ["alpha", "beta"]
        let daemon = try await DaemonProcess.start(labels: labels)
        let replayer = try Replayer { event in
            if event == "shutdown" { daemon.signal(SIGTERM) }
        }
        do {
            try await replayer.play(transcript, path: daemon.socket)
        } catch {
            Issue.record("\(error)\n\(daemon.log)")
        }
        await daemon.remove()
    }

    @Test func `and there are some for every method and most error codes`() throws {
        let names = Set(Self.transcripts().map(\.name))
        #expect(names.count >= 25, "\(names.sorted())")
    }
}
