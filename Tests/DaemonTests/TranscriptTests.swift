import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct `Every transcript of the protocol's specification replays against the daemon` {
    /// Those that this daemon can play: the others need a stub, and are played in SocketServerTests.
    static func transcripts() -> [Transcript] {
        let offered: Set<String> = [
            "no labels", "corrections/retract", "corrections/release", "revisions/activate", "revisions/pin",
            "tuning/status", "tuning/start", "tuning/cancel",
        ]
        return ((try? ProtocolFolder.transcripts()) ?? []).filter { $0.requires.map(offered.contains) ?? true }
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

    @Test(.enabled(if: SmallDisk.canMount)) func `of one whose disk is full`() async throws {
        let disk = try #require(SmallDisk(kilobytes: 8_000))
        let daemon = try await DaemonProcess.start(in: URL(filePath: disk.path))
        _ = disk.fill()
        let replayer = try Replayer { Issue.record("unknown event \($0)") }
        let transcripts = try ProtocolFolder.transcripts().filter { $0.requires == "read-only" }
        #expect(!transcripts.isEmpty)
        for transcript in transcripts {
            do {
                try await replayer.play(transcript, path: daemon.socket)
            } catch {
                Issue.record("\(error)")
            }
        }
        await daemon.stop(SIGKILL)
    }

    @Test func `and there are some for every method and most error codes`() throws {
        let names = Set(Self.transcripts().map(\.name))
        #expect(names.count >= 25, "\(names.sorted())")
    }
}
