import ArgumentParser
import AttuneClient

/// A command that talks to the daemon; its faults end with the documented exit codes.
protocol ControlCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }

    /// Does what the command is for.
    func perform(_ client: AttuneClient) async throws
}

extension ControlCommand {
    mutating func run() async throws {
        do {
            let client = try connection.connect()
            try await perform(client)
            client.close()
        } catch let error as ClientError {
            throw Failure(error, socket: connection.path).report()
        } catch let error as Failure {
            throw error.report()
        }
    }
}
