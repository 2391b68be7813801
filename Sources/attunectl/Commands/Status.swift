import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl status`.
struct Status: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how the daemon is.",
        discussion: """
            EXAMPLES
              attunectl status
              attunectl status --instance spam --json | jq .corrections.queued
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ client: AttuneClient) async throws {
        let status = try await client.status()
        try output.write(status) { Self.lines(status) }
    }

    private static func lines(_ status: StatusResult) -> [String] {
        let counts = status.corrections
        let states = [
            (counts.queued, "queued"), (counts.learnt, "learnt"), (counts.rejected, "rejected"),
            (counts.quarantined, "quarantined"), (counts.withheld, "withheld"), (counts.superseded, "superseded"),
            (counts.retracted, "retracted"),
        ]
        let corrections = states.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        var rows = [
            ("state", status.state.rawValue),
            ("model", Text.plain(status.model)),
            ("revision", "\(status.revision)"),
            ("labels", "\(status.labels)"),
            ("corrections", corrections.isEmpty ? "none" : corrections),
            ("waiting", "\(status.queues.inference) to be answered, \(status.queues.learning) to be learnt"),
            ("connections", "\(status.connections)"),
            ("up", Text.duration(status.uptimeSeconds)),
        ]
        if status.body.learnt + status.body.waiting > 0 {
            let reason = status.body.reason.map { ": \(Text.plain($0))" } ?? ""
            rows.append(("body", "\(status.body.learnt) learnt, \(status.body.waiting) waiting for a burst\(reason)"))
        }
        if status.body.unlearning > 0 { rows.append(("unlearning", "\(status.body.unlearning) corrections")) }
        rows += status.measures.map(measures) ?? []
        for user in status.quarantine {
            rows.append(
                ("quarantine", "user \(user.uid), \(user.corrections) corrections: \(Text.plain(user.reason))"))
        }
        if let burst = status.lastBurst { rows.append(("last burst", Tuning.line(burst))) }
        if status.readOnly.flag { rows.append(("read-only", Text.plain(status.readOnly.reason ?? "yes"))) }
        return Text.pairs(rows)
    }

    private static func measures(_ measures: MeasuresInfo) -> [(String, String)] {
        var rows: [(String, String)] = []
        if let prequential = measures.prequential {
            let recent = Text.percent(prequential.recent)
            rows.append(
                ("right before told", "\(Text.percent(prequential.accuracy)) of \(prequential.count), lately \(recent)")
            )
        }
        if let accuracy = measures.holdoutAccuracy {
            rows.append(("holdout", "\(Text.percent(accuracy)) of \(measures.holdout)"))
        }
        if let transfer = measures.backwardTransfer, let forgetting = measures.forgetting {
            rows.append(
                ("backward transfer", "\(Text.percent(transfer)), forgetting \(Text.percent(forgetting))"))
        }
        return rows
    }
}
