import ArgumentParser

/// The client and control tool of attuned.
@main
struct Attunectl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attunectl",
        abstract: "Ask, correct and control the daemon attuned.",
        discussion: """
            EXAMPLES
              attunectl predict "my card has not arrived"
              attunectl teach "my card has not arrived" card_arrival
              attunectl teach --file corrections.csv --wait published
              attunectl evaluate test.csv
              attunectl revisions list
              cat texts.txt | attunectl predict --json | jq -r .label

            SOCKET
              --socket PATH, or --instance NAME for /run/attuned/NAME.sock, else the path in
              $ATTUNED_SOCKET, else /run/attuned/default.sock. Connecting takes membership
              of the group attuned-clients, or root.

            OUTPUT
              For people on a terminal; elsewhere JSON, one object a line, as the daemon
              answers. --json and --human choose.

            EXIT CODES
              0   done
              1   the daemon refused (the message says why), rows of a file do not count, or
                  what was waited for came to nothing
              64  wrong usage
              65  a file's content is malformed (the message names the line)
              66  a file cannot be read
              69  no daemon: the socket is missing or refuses
              75  try again: overloaded, shutting down, connection lost, no reply within --timeout
              76  the daemon's reply cannot be understood
            """,
        version: Version.current,
        subcommands: [
            Predict.self, Embed.self, Teach.self, Corrections.self, Revisions.self, Status.self, Metrics.self,
            Evaluate.self, Tuning.self, Reload.self, Discover.self, Raw.self,
        ]
    )
}
