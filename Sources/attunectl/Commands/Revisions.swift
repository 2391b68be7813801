import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl revisions`.
struct Revisions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See what has been learnt, go back, keep.",
        subcommands: [List.self, Get.self, Activate.self, Pin.self],
        defaultSubcommand: List.self
    )

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the revisions that are kept.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let revisions = try await client.revisions()
            if output.isJSON { return try revisions.forEach { revision in try output.write(revision) { [] } } }
            let rows = revisions.map { revision in
                [
                    "\(revision.id)", revision.parent.map(String.init) ?? "", revision.created,
                    revision.method.rawValue, "\(revision.corrections)", "\(revision.labels)",
                    [revision.serving ? "serving" : nil, revision.pinned ? "pinned" : nil]
                        .compactMap { $0 }.joined(separator: ", "),
                ]
            }
            Text.table(["revision", "parent", "created", "method", "corrections", "labels", ""], rows)
                .forEach(Console.print)
        }
    }

    struct Get: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one revision, with its guard's report.")

        @Argument(help: "Its number.")
        var revision: Int

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let revision = try await client.revision(revision)
            try output.write(revision) {
                let marks = (revision.serving ? ", serving" : "") + (revision.pinned ? ", pinned" : "")
                var rows = [
                    ("revision", "\(revision.id)\(marks)"),
                    ("parent", revision.parent.map(String.init) ?? "none"),
                    ("created", revision.created),
                    ("method", revision.method.rawValue),
                    ("labels", "\(revision.labels)"),
                    ("corrections", "\(revision.corrections)"),
                    ("  in the head", Self.ranges(revision.correctionsUsed.head)),
                    ("  in the body", Self.ranges(revision.correctionsUsed.body)),
                    ("  held out", Self.ranges(revision.correctionsUsed.holdout)),
                ]
                if let report = revision.guard {
                    rows.append(("guard", report.accepted ? "accepted on \(report.examples) examples" : "rejected"))
                    if let change = report.logLossChange {
                        rows.append(("  log-loss", "changed by \(Text.decimals(change))"))
                    }
                    if let reason = report.reason { rows.append(("  reason", Text.plain(reason))) }
                }
                return Text.pairs(rows)
            }
        }

        private static func ranges(_ text: String) -> String { text.isEmpty ? "none" : Text.short(text) }
    }

    struct Activate: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve another revision. Corrections that it has not learnt are withheld until released.",
            discussion: """
                EXAMPLES
                  attunectl revisions activate 41
                  attunectl revisions activate 41 --expected-current 42
                """
        )

        @Argument(help: "Its number.")
        var revision: Int

        @Option(name: .long, help: "Refuse unless this one serves now.")
        var expectedCurrent: Int?

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let serving = try await client.activate(revision, expectedCurrent: expectedCurrent)
            if output.isJSON { return try output.write(["revision": serving]) { [] } }
            Console.print(serving == 0 ? "revision 0, the base model, serves" : "revision \(serving) serves")
            // It serves, whatever becomes of the question what it has not learnt.
            let withheld = (try? await client.status())?.corrections.withheld ?? 0
            if withheld > 0 {
                Console.print(
                    "\(withheld) corrections are withheld; 'attunectl corrections release --state withheld' lets them go"
                )
            }
        }
    }

    struct Pin: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Keep a revision past revisions.keep; only a purge of what it learnt removes it. --off lets it go.
                """
        )

        @Argument(help: "Its number.")
        var revision: Int

        @Flag(name: .long, help: "Keep it no longer.")
        var off = false

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func perform(_ client: AttuneClient) async throws {
            let pinned = try await client.pin(revision, !off)
            try output.write(["pinned": pinned]) { ["revision \(revision) is \(pinned ? "" : "not ")pinned"] }
        }
    }
}
