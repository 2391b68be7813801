import AttuneClient
import Foundation
import LineProtocol
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct `Killed at any moment, the daemon keeps what it acknowledged` {
    /// What clients were told, kept outside of the daemon.
    private final class Acknowledged: Sendable {
        private let state = Mutex<[String: (sequence: Int, label: String)]>([:])

        var receipts: [String: (sequence: Int, label: String)] { state.withLock { $0 } }

        func add(_ key: String, sequence: Int, label: String) { state.withLock { $0[key] = (sequence, label) } }
    }

    @Test func `every acknowledged correction is there once after each of many rounds`() async throws {
        let rounds = Int(ProcessInfo.processInfo.environment["ATTUNED_TEST_KILLS"] ?? "") ?? 50
        let folder = try DaemonProcess.temporaryFolder()
        var generator = SplitMix(state: 20_260)
        let acknowledged = Acknowledged()
        for round in 0..<rounds {
            let daemon = try await DaemonProcess.start(in: folder)
            // The moment is chosen by work done, not by time: after so many acknowledgements.
            let limit = Int(generator.next() % 120)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { await teach(daemon, round: round, client: number, limit: limit, acknowledged) }
                }
                await group.waitForAll()
            }
            // A client that was refused has killed nobody.
            daemon.signal(SIGKILL)
            #expect(await daemon.exit() == .init(code: SIGKILL, wasSignalled: true))
            let again = try await DaemonProcess.start(in: folder)
            try await check(again, acknowledged)
            // Every other round ends in the middle of what follows a start, too.
            await again.stop(round.isMultiple(of: 2) ? SIGKILL : SIGTERM)
        }
        let count = acknowledged.receipts.count
        #expect(count > rounds)
        print("killed \(rounds) times; \(count) acknowledged corrections, each there once")
        try FileManager.default.removeItem(at: folder)
    }

    /// Teaches until the daemon is gone; the first client kills it when about `limit` of the round are acknowledged.
    private func teach(
        _ daemon: DaemonProcess, round: Int, client number: Int, limit: Int, _ acknowledged: Acknowledged
    ) async {
        guard let client = try? AttuneClient(path: daemon.socket) else { return }
        defer { client.close() }
        for index in 0..<10_000 {
            let key = "\(round)-\(number)-\(index)"
            let label = "label \(index % 5)"
            guard
                let receipt = try? await client.submit(
                    SubmitParameters(Input("text \(key)"), label: label, idempotencyKey: key))
            else { return }
            acknowledged.add(key, sequence: receipt.sequence, label: label)
            if number == 0, index * 8 >= limit { daemon.signal(SIGKILL) }
        }
    }

    private func check(_ daemon: DaemonProcess, _ acknowledged: Acknowledged) async throws {
        let client = try AttuneClient(path: daemon.socket)
        defer { client.close() }
        var found: [Int: CorrectionInfo] = [:]
        var texts: Set<String> = []
        var cursor: Cursor?
        repeat {
            let page = try await client.corrections(cursor: cursor, limit: 1000)
            for correction in page.corrections {
                #expect(found.updateValue(correction, forKey: correction.sequence) == nil)
                let (isNew, _) = texts.insert(correction.input?.text ?? "")
                #expect(isNew, "twice: \(correction)")
            }
            cursor = page.nextCursor
        } while cursor != nil
        for (key, receipt) in acknowledged.receipts {
            let correction = found[receipt.sequence]
            #expect(correction?.input?.text == "text \(key)", "lost: \(key)")
            #expect(correction?.label == receipt.label)
            #expect(correction?.state == .queued || correction?.state == .learnt)
        }
        let prediction = try await client.predict("text 0-0-0")
        #expect(prediction.scores.allSatisfy { $0.score.isFinite })
    }
}

/// Sebastiano Vigna's SplitMix64: a small generator whose sequence depends on its seed alone.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
