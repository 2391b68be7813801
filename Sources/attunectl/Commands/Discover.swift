import ArgumentParser
import AttuneClient
import LineProtocol

/// The command `attunectl discover`.
struct Discover: ControlCommand {
    static let configuration = CommandConfiguration(abstract: "Say what the daemon is and what it can do.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ client: AttuneClient) async throws {
        let found = try await client.discover()
        try output.write(found) {
            let versions = found.protocolVersions.map(String.init).joined(separator: ", ")
            let labels = found.labels.prefix(12).map { Text.plain($0) }.joined(separator: ", ")
            let more = found.labels.count > 12 ? ", …" : ""
            let server = "\(Text.plain(found.server.name)) \(Text.plain(found.server.version))"
            return Text.pairs([
                ("server", "\(server), protocol \(versions)"),
                ("model", "\(Text.plain(found.model.name)) (\(Text.plain(found.model.architecture)))"),
                ("task", "\(Text.plain(found.model.task)), \(found.model.parameters) parameters"),
                ("labels", found.labels.isEmpty ? "none" : "\(found.labels.count): \(labels)\(more)"),
                ("methods", found.methods.map { Text.plain($0) }.joined(separator: " ")),
            ])
        }
    }
}
