import ArgumentParser
import AttuneClient
import Foundation
import LineProtocol

/// The command `attunectl teach`.
struct Teach: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach corrections: texts with their right labels.",
        discussion: """
            When it returns, what was taught is on the daemon's disk; with '--wait published' it is also learnt.

            A file is CSV with a header (columns text and label or category; slice, textPair, weight, predicted and \
            idempotencyKey where wanted; others are ignored), or JSON lines with the same names ('input' for 'text'). \
            Each row is sent under a key made of its content and its line, so teaching a file again after an \
            interruption is harmless: what was taken already counts once. One that was retracted, or that another \
            correction of its text has superseded since, stays so and is told; a key of its own makes it count anew.

            EXAMPLES
              attunectl teach "my card has not arrived" card_arrival
              attunectl teach "where is my card?" card_arrival --wait published
              attunectl teach --file corrections.csv --wait published
              generate | attunectl teach --file -
            """
    )

    @Argument(help: "The text.")
    var text: String?

    @Argument(help: "Its right label.")
    var label: String?

    @Option(name: .long, help: ArgumentHelp("Teach every row of a CSV or JSONL file, or of '-'.", valueName: "path"))
    var file: String?

    @Option(name: .long, help: "What to wait for: 'journaled' (on disk) or 'published' (learnt, or refused).")
    var wait = SubmitParameters.Wait.journaled

    @Option(name: .long, help: "Second text of a pair.")
    var pair: String?

    @Option(name: .long, help: "Group of inputs that the text belongs to.")
    var slice: String?

    @Option(name: .long, help: "How much it counts, in place of 1.")
    var weight: Double?

    @Option(name: .long, help: "What had been answered, to keep account of accuracy.")
    var predicted: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if file == nil, text == nil || label == nil {
            throw ValidationError("Give a text and its label, or --file.")
        }
        if file != nil, text != nil || pair != nil || slice != nil || weight != nil || predicted != nil {
            throw ValidationError("--file brings texts, labels and the rest itself; give no others.")
        }
    }

    func perform(_ client: AttuneClient) async throws {
        if let file {
            try await teach(RecordFile.read(file), by: client)
        } else if let text, let label {
            let submission = SubmitParameters(
                Input(text, textPair: pair),
                label: label,
                idempotencyKey: "once:\(UUID().uuidString)",
                predicted: predicted,
                slice: slice,
                weight: weight,
                wait: wait
            )
            let result = try await Submission.send(submission, by: client)
            try output.write(result) { [Self.line(result)] }
            if wait == .published { try Self.check(result.state) }
        }
    }

    /// What a file's teaching came to.
    private struct Summary: Encodable {
        var rows = 0
        var accepted = 0
        var duplicates = 0
        /// Duplicates that do not count any more, nor does another row with their text.
        var notInForce = 0
        var refused = 0
        var state: CorrectionState?
        var revision: Int?

        /// Notes the revision that has learnt a row; the last one counts.
        mutating func learn(_ revision: Int?) {
            self.revision = [revision, self.revision].compactMap(\.self).max()
        }
    }

    private func teach(_ records: [Record], by client: AttuneClient) async throws {
        var summary = Summary(rows: records.count)
        var bar = ProgressBar(total: records.count)
        var newest: (record: Record, sequence: Int)?
        var stale: [(record: Record, result: SubmitResult)] = []
        // Of the rows that have the same text, one is to count.
        var sequences: [Input: Int] = [:]
        func count(_ record: Record, _ result: Result<SubmitResult, Failure>) {
            switch result {
            case .success(let result):
                summary.accepted += 1
                summary.duplicates += result.duplicate ? 1 : 0
                if wait == .published { summary.learn(result.revision) }
                sequences[record.input] = max(result.sequence, sequences[record.input] ?? 0)
                switch result.state {
                case .queued: newest = result.sequence > newest?.sequence ?? 0 ? (record, result.sequence) : newest
                case .learnt: break
                default: stale.append((record, result))
                }
            case .failure(let failure):
                summary.refused += 1
                bar.finish()
                Console.complain("attunectl: line \(record.line): \(failure.message)")
            }
            bar.advance()
        }
        do {
            for round in Record.rounds(records) {
                try await Pipeline.run(over: round) { record in
                    (record, try await Submission.sendRow(record, wait: .journaled, by: client))
                } each: { record, result in
                    count(record, result)
                }
            }
            // What came before the newest is learnt before it, or with it: so only that one is waited for.
            if wait == .published, let newest {
                let result = try await Submission.sendRow(newest.record, wait: .published, by: client).get()
                summary.state = result.state
                summary.learn(result.revision)
            }
        } catch {
            bar.finish()
            let done = "\(summary.accepted) of \(records.count) rows are known to be taken"
            Console.complain("attunectl: \(done); running the same command again is harmless.")
            throw error
        }
        bar.finish()
        stale.removeAll { sequences[$0.record.input] != $0.result.sequence }
        summary.notInForce = stale.count
        for (record, result) in stale.prefix(Self.namedLines) {
            Console.complain(
                "attunectl: line \(record.line): taken before as correction \(result.sequence), which is "
                    + "\(result.state.rawValue) and stays so")
        }
        try output.write(summary) {
            let learnt = summary.state.map { ", the last one \($0.rawValue)" } ?? ""
            let revision = summary.revision.map { " (revision \($0))" } ?? ""
            let stale = summary.notInForce > 0 ? " (of which \(summary.notInForce) do not count any more)" : ""
            return [
                "\(summary.accepted) of \(summary.rows) rows taken\(learnt)\(revision); "
                    + "\(summary.duplicates) had been before\(stale), \(summary.refused) refused"
            ]
        }
        var faults: [String] = []
        if summary.refused > 0 { faults.append("\(summary.refused) rows were refused; see above") }
        if summary.notInForce > 0 {
            faults.append(
                "\(summary.notInForce) rows were taken before and do not count any more; to teach them anew, give them "
                    + "a key of their own in a column idempotencyKey, or use 'attunectl teach TEXT LABEL'")
        }
        if wait == .published, let state = summary.state, faults.isEmpty { try Self.check(state) }
        if !faults.isEmpty { throw Failure(.refused, faults.joined(separator: "; ")) }
    }

    /// Throws if a correction that was waited for will not be learnt.
    private static func check(_ state: CorrectionState) throws {
        guard [.rejected, .quarantined, .withheld, .retracted].contains(state) else { return }
        throw Failure(.refused, "it is not learnt, but \(state.rawValue); 'attunectl corrections list' says more")
    }

    /// How many of the rows that do not count any more are named by their lines.
    private static let namedLines = 5

    private static func line(_ result: SubmitResult) -> String {
        let known = result.duplicate ? " (taken before)" : ""
        let what =
            switch result.state {
            case .queued: "is on disk and waits to be learnt"
            case .learnt: "is learnt by revision \(result.revision.map(String.init) ?? "?")"
            default: "is \(result.state.rawValue)" + (result.reason.map { ": \(Text.plain($0))" } ?? "")
            }
        return "correction \(result.sequence) \(what)\(known)"
    }
}
