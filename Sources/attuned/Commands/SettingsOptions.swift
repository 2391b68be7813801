import ArgumentParser
import Foundation

/// The options that every subcommand shares: where the settings come from.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("YAML file with settings; see 'attuned check --settings'.", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("Model directory in the Hugging Face layout.", valueName: "directory"))
    var model: String?

    @Option(help: ArgumentHelp("Where corrections and revisions are kept.", valueName: "directory"))
    var stateDirectory: String?

    @Option(help: ArgumentHelp("Path of the Unix-domain socket.", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("Labels that can be answered before any correction names them.", valueName: "a,b,c"))
    var labels: String?

    @Option(help: ArgumentHelp("Least level that is logged.", valueName: "level"))
    var logLevel: String?

    /// The settings from the file, the environment and these options.
    func settings() throws(ConfigurationError) -> Settings {
        let options = [
            "model": model, "stateDirectory": stateDirectory, "socket": socket, "labels": labels, "log.level": logLevel,
        ]
        return try Settings(
            file: file, environment: ProcessInfo.processInfo.environment, options: options.compactMapValues { $0 })
    }
}

extension Settings {
    /// The text `key`, which this command cannot do without.
    func required(_ key: String) throws(ConfigurationError) -> String {
        guard let value = text(key) else {
            let setting = Setting.all.first { $0.key == key }
            throw ConfigurationError(
                "'\(key)' is not set: give it as an option, in the file, or as \(setting?.variable ?? key)")
        }
        return value
    }
}
