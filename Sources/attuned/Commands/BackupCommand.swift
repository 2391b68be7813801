import ArgumentParser
import Foundation
import Glibc
import Storage
import Tensors

/// Copies the state to a new directory, beside a running daemon or without one.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the state to a new directory, while the service runs or not.",
        discussion: """
            The copy is a state directory of its own: corrections and revisions as they were at one moment. Start a \
            daemon on it, or put it in the place of a lost one. A running daemon is asked for the copy on its socket, \
            which takes the admin role and permission to read its state directory.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The directory to make; it must not exist.")
    var directory: String

    func run() async throws {
        do {
            try await backUp()
        } catch {
            throw ValidationFailure(error)
        }
    }

    private func backUp() async throws {
        let settings = try options.settings()
        let state = try settings.required("stateDirectory")
        guard try hasState(state) else { throw ConfigurationError("there is no state in \(state)") }
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw ConfigurationError("\(directory) exists already")
        }
        let parent = URL(filePath: directory).deletingLastPathComponent().path(percentEncoded: false)
        guard unsafe access(parent, W_OK | X_OK) == 0 else {
            throw ConfigurationError("nothing can be put into \(parent): \(String(cString: strerror(errno)))")
        }
        if let snapshot = try await snapshot(of: state, settings) {
            try fetch(snapshot)
        } else {
            let model = try BaseModelIdentity(name: "", directory: settings.required("model"))
            let store = try openStore(state, model)
            let snapshot = try await store.snapshot()
            try fetch(snapshot)
            await store.close()
        }
        print(directory)
    }

    /// Copies `snapshot`, whose files are links to the live ones, and removes it.
    private func fetch(_ snapshot: String) throws {
        let files = FileManager.default
        defer { try? files.removeItem(atPath: snapshot) }
        let target = URL(filePath: directory).standardizedFileURL
        let partial = target.deletingLastPathComponent().appending(path: ".\(target.lastPathComponent).partial")
        try? files.removeItem(at: partial)
        try copyState(snapshot, to: partial.path(percentEncoded: false))
        try own(partial)
        try files.moveItem(at: partial, to: target)
    }
}
