import ArgumentParser
import Foundation
import Inference
import Learning
import SocketServer
import Storage
import Tensors
import Transformer

/// Checks settings, processor, model and state without serving.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the settings, the model and the state, and say what was found.",
        discussion: """
            Exits with 0 if settings, model and state are sound; whether the socket and a new state can be made is seen \
            when the daemon starts. A daemon that has the state open is asked for a copy of it on its socket, which takes \
            the admin role.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "List all settings with their environment variables and defaults instead.")
    var settings = false

    func run() async throws {
        if settings {
            for setting in Setting.all {
                let fallback = setting.fallback.map { ", default \($0)" } ?? ""
                let restart = setting.isLive ? "" : ", at a restart"
                print(
                    "\(setting.key)  (\(setting.variable); \(setting.kind.words)\(fallback)\(restart))\n"
                        + "    \(setting.summary)")
            }
            return
        }
        do {
            let settings = try options.settings()
            for warning in Settings.misspelt(in: ProcessInfo.processInfo.environment) {
                FileHandle.standardError.write(Data("Warning: \(warning)\n".utf8))
            }
            let choice = try Processor.check()
            print("processor: \(choice.vectors) kernels, OpenBLAS \(choice.blas)")
            let model = try await BaseModel(
                directory: settings.required("model"), name: settings.text("name"), precision: settings.precision,
                choice: choice)
            _ = try await model.pipeline()
            let labels = model.learning.head.map { ", \($0.labels.count) labels of its own" } ?? ""
            print("model: \(model.name), \(model.architecture), \(model.parameterCount) parameters\(labels)")
            _ = try settings.labels()
            _ = try settings.policy(socketGroup: nil)
            if let socket = settings.text("socket") { try ListeningSocket.check(path: socket) }
            guard let directory = settings.text("stateDirectory") else { return }
            guard try hasState(directory) else {
                print("state: none yet in \(directory)")
                return
            }
            try await withState(settings, model: model.identity) { try await Self.check($0, model: model.identity) }
        } catch {
            throw ValidationFailure(error)
        }
    }

    /// Verifies the revisions of `store` and says what there is.
    private static func check(_ store: StateStore, model: BaseModelIdentity) async throws {
        let records = try await store.revisions()
        for record in records where record.manifest.baseModel.digest == model.digest {
            _ = try await store.verifiedDirectory(of: record.number)
        }
        let counts = store.counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
        let corrections = counts.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", ")
        print("state: revision \(store.serving) serves, \(records.count) kept and verified")
        print("corrections: \(corrections.isEmpty ? "none" : corrections)")
    }
}
