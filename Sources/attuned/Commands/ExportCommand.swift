import ArgumentParser
import Foundation
import Learning
import Tensors

/// Writes a revision as a directory that stands alone.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a revision and the model below it to a new directory.",
        discussion: """
            The directory is a model directory as Hugging Face tools load them, with the revision's head.safetensors \
            (weight, bias and temperature, labels in its metadata) and revision.json beside it. What tuning has changed \
            in the model is in model.safetensors, with one exception: where it was tuned by LoRA the adapter lies beside \
            the model below it, as PEFT has it, unless --merged is given.

            With transformers, AutoModel.from_pretrained(DIRECTORY) loads the tuned model; where there is an adapter it \
            needs peft for that, and without peft quietly loads the model below. \
            PeftModel.from_pretrained(MODEL, DIRECTORY) adds the adapter to the model that was tuned.

            Works beside a running daemon, since revisions never change.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The revision's number, or 'current'.")
    var revision: String

    @Argument(help: "The directory to make; it must not exist.")
    var directory: String

    @Flag(help: "Add a LoRA adapter to the model's weights, so that the directory needs no peft.")
    var merged = false

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
        guard FileManager.default.fileExists(atPath: "\(source)/revision.json") else {
            throw ConfigurationError("there is no revision '\(revision)' in \(state)")
        }
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw ConfigurationError("\(directory) exists already")
        }
        // Merging computes, and as the daemon does.
        _ = try Processor.check()
        // What 'current' leads to may change meanwhile.
        let path = URL(filePath: source).resolvingSymlinksInPath().path(percentEncoded: false)
        try RevisionExport(revision: path, model: model).write(to: directory, isMerged: merged)
        print(URL(filePath: directory).standardizedFileURL.path(percentEncoded: false))
    }
}
