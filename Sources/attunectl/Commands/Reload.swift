import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl reload`.
struct Reload: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the daemon read its configuration again.",
        discussion: """
            Returns when the new values hold, and says which settings take a restart. A configuration with a fault is \
            refused: the message names the fault, the exit code is 1, and everything stays as it was. The same as \
            systemctl reload attuned@NAME.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ client: AttuneClient) async throws {
        let result = try await client.reloadConfiguration()
        try output.write(result) {
            let changed = result.changed.isEmpty ? "nothing" : result.changed.joined(separator: ", ")
            let waiting = result.needRestart.joined(separator: ", ")
            return ["changed: \(changed)"] + (waiting.isEmpty ? [] : ["after a restart: \(waiting)"])
        }
    }
}
