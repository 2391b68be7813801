import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl corrections`.
struct Corrections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See what has been taught, take it back, let go what is held back.",
        subcommands: [List.self, Get.self, Retract.self, Release.self],
        defaultSubcommand: List.self
    )

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "List corrections, oldest first.",
            discussion: """
                EXAMPLES
                  attunectl corrections list --state quarantined
                  attunectl corrections list --all --json | jq -r '.label' | sort | uniq -c
                """
        )

        @Option(name: .long, help: "Only those in this state.")
        var state: CorrectionState?

        @Option(name: .long, help: ArgumentHelp("How many at most.", valueName: "count"))
        var limit = 50

        @Option(name: .long, help: "Where the page before ended, as it said.")
        var cursor: Cursor?

        @Flag(name: .long, help: "All of them, from page to page.")
        var all = false

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        mutating func validate() throws {
            guard 1...Limits.page ~= limit else { throw ValidationError("--limit must be from 1 to \(Limits.page).") }
        }

        func perform(_ client: AttuneClient) async throws {
            var next = cursor
            repeat {
                let page = try await client.corrections(state: state, cursor: next, limit: all ? Limits.page : limit)
                next = page.nextCursor
                if output.isJSON {
                    for correction in page.corrections { try output.write(correction) { [] } }
                } else {
                    Self.table(page.corrections).forEach(Console.print)
                }
            } while all && next != nil
            if let next { Console.complain("more: --cursor \(next.rawValue), or --all") }
        }

        private static func table(_ corrections: [CorrectionInfo]) -> [String] {
            Text.table(
                ["sequence", "state", "label", "text"],
                corrections.map {
                    [
                        "\($0.sequence)", $0.state.rawValue, Text.short($0.label ?? "(purged)", width: 30),
                        Text.short($0.input?.text ?? "(purged)"),
                    ]
                }
            )
        }
    }

    struct Get: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one correction.")

        @Argument(help: "Its sequence number.")
        var sequence: Int

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let correction = try await client.correction(sequence)
            try output.write(correction) {
                var rows = [
                    ("state", correction.state.rawValue),
                    ("text", Text.plain(correction.input?.text ?? "(purged)")),
                    ("label", Text.plain(correction.label ?? "(purged)")),
                    ("taught", "\(correction.created) by user \(correction.uid)"),
                    ("weight", "\(correction.weight)"),
                    ("body", correction.body ? "has learnt it" : "has not learnt it"),
                    ("holdout", correction.holdout ? "yes" : "no"),
                ]
                if let pair = correction.input?.textPair { rows.insert(("pair", Text.plain(pair)), at: 2) }
                if let predicted = correction.predicted { rows.append(("predicted", Text.plain(predicted))) }
                if let revision = correction.revision { rows.append(("first learnt", "in revision \(revision)")) }
                if let slice = correction.slice { rows.append(("slice", Text.plain(slice))) }
                if let reason = correction.reason { rows.append(("reason", Text.plain(reason))) }
                return Text.pairs(rows)
            }
        }
    }

    struct Retract: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a correction back; what was learnt from it is unlearnt."
        )

        @Argument(help: "Its sequence number.")
        var sequence: Int

        @Flag(name: .long, help: "Erase its text and label, too.")
        var purge = false

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let result = try await client.retract(sequence, purge: purge)
            try output.write(result) { ["correction \(sequence) is \(result.state.rawValue)"] }
        }
    }

    struct Release: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let corrections be learnt that are withheld, quarantined or rejected.",
            discussion: """
                EXAMPLES
                  attunectl corrections release 17
                  attunectl corrections release --state withheld
                """
        )

        @Argument(help: "The sequence number of one.")
        var sequence: Int?

        /// The states that corrections can be released from.
        enum State: String, CaseIterable, ExpressibleByArgument {
            case withheld, quarantined, rejected
        }

        @Option(name: .long, help: "All in this state.")
        var state: State?

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        mutating func validate() throws {
            if (sequence == nil) == (state == nil) { throw ValidationError("Give a sequence number or --state.") }
        }

        func perform(_ client: AttuneClient) async throws {
            let one = sequence.map(ReleaseParameters.sequence)
            let all = state.flatMap { CorrectionState(rawValue: $0.rawValue) }.map(ReleaseParameters.state)
            guard let which = one ?? all else { return }
            let released = try await client.release(which)
            try output.write(["released": released]) {
                guard let sequence, released == 0 else { return ["\(released) released"] }
                return ["correction \(sequence) is not held back: nothing to release"]
            }
        }
    }
}
