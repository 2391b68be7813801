import ArgumentParser
import AttuneClient
import Foundation

/// Which daemon a command talks to.
struct ConnectionOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The daemon's socket.", valueName: "path"))
    var socket: String?

    @Option(name: .long, help: ArgumentHelp("The instance whose socket is /run/attuned/NAME.sock.", valueName: "name"))
    var instance: String?

    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for each reply; as long as it takes, if not given.", valueName: "seconds"))
    var timeout: Double?

    mutating func validate() throws {
        if let timeout, !(timeout > 0 && timeout <= 1e9) {
            throw ValidationError("--timeout must be more than 0 seconds.")
        }
        if socket != nil, instance != nil {
            throw ValidationError("--socket and --instance say the same thing twice; give one of them.")
        }
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        if let instance, instance.isEmpty || instance.utf8.count > 23 || !instance.allSatisfy(letters.contains) {
            throw ValidationError("'\(instance)': an instance's name has 1 to 23 characters of a-z, 0-9 and '-'.")
        }
    }

    /// The socket's path: by option, environment, or instance.
    var path: String {
        if let socket { return socket }
        if let instance { return Self.path(ofInstance: instance) }
        if let path = ProcessInfo.processInfo.environment["ATTUNED_SOCKET"], !path.isEmpty { return path }
        return Self.path(ofInstance: "default")
    }

    /// A connection to it.
    func connect() throws(Failure) -> AttuneClient {
        do {
            return try AttuneClient(path: path, timeout: timeout.map { .seconds($0) })
        } catch {
            throw Failure(error)
        }
    }

    private static func path(ofInstance name: String) -> String { "/run/attuned/\(name).sock" }
}
