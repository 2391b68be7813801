import ArgumentParser
import Foundation
import Storage

/// Writes a revision as a directory that stands alone.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a revision and the model below it to a new directory.",
        discussion: """
            The directory holds the model's own files as Hugging Face tools load them, and the revision's \
            head.safetensors (weight, bias and temperature, labels in its metadata) and revision.json. Works beside a \
            running daemon, since revisions never change.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The revision's number, or 'current'.")
    var revision: String

    @Argument(help: "The directory to make; it must not exist.")
    var directory: String

    func run() async throws {
        do {
            try export()
        } catch {
            throw ValidationFailure(error)
        }
    }

    private func export() throws {
        let settings = try options.settings()
        let state = try settings.required("stateDirectory")
        let model = try settings.required("model")
        let files = FileManager.default
        let source: String
        if revision == "current" {
            source = "\(state)/current"
        } else {
            guard let number = Int(revision), number > 0 else {
                throw ConfigurationError("'\(revision)' is not a revision: expected a number, or 'current'")
            }
            let digits = String(number)
            source = "\(state)/revisions/" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        }
        guard files.fileExists(atPath: "\(source)/revision.json") else {
            throw ConfigurationError("there is no revision '\(revision)' in \(state)")
        }
        guard !files.fileExists(atPath: directory) else {
            throw ConfigurationError("\(directory) exists already")
        }
        let target = URL(filePath: directory).standardizedFileURL
        let temporary = target.deletingLastPathComponent().appending(path: ".\(target.lastPathComponent).partial")
        try? files.removeItem(at: temporary)
        let text = try String(contentsOfFile: "\(source)/revision.json", encoding: .utf8)
        let manifest = try RevisionManifest(text: text, path: "\(source)/revision.json")
        guard try BaseModelIdentity(name: "", directory: model).digest == manifest.baseModel.digest else {
            throw ConfigurationError(
                "revision \(manifest.revision) was made from another model ('\(manifest.baseModel.name)') than \(model)"
            )
        }
        try copy(URL(filePath: model), to: temporary)
        let revisionDirectory = URL(filePath: source).resolvingSymlinksInPath()
        for name in try files.contentsOfDirectory(atPath: revisionDirectory.path(percentEncoded: false)) {
            let copy = temporary.appending(path: name)
            try? files.removeItem(at: copy)
            try files.copyItem(at: revisionDirectory.appending(path: name), to: copy)
        }
        try files.moveItem(at: temporary, to: target)
        print(target.path(percentEncoded: false))
    }

    /// Copies a directory with what its links lead to, so that the copy does not hang on where the model lies.
    private func copy(_ source: URL, to target: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: target, withIntermediateDirectories: true)
        for entry in try files.contentsOfDirectory(
            at: source.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)
        {
            let real = entry.resolvingSymlinksInPath()
            let copied = target.appending(path: entry.lastPathComponent)
            if try real.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true {
                try copy(real, to: copied)
            } else {
                try files.copyItem(at: real, to: copied)
            }
        }
    }
}
