import Foundation
import LineProtocol
import Yams

/// Why the configuration cannot be used; the text names the key, where it came from and what was expected.
struct ConfigurationError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Values for the settings: the file's, overridden by the environment's, overridden by options.
struct Settings: Sendable, Equatable {
    /// A value, checked against its setting's kind.
    enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int)
        case number(Double)
        case flag(Bool)
        case list([String])
    }

    private var values: [String: Value] = [:]

    /// Reads the file at `path` (none if nil), then `environment`, then `options` by key.
    ///
    /// - Throws: `ConfigurationError`, also for a key of the file that does not exist.
    init(file path: String?, environment: [String: String], options: [String: String]) throws(ConfigurationError) {
        for setting in Setting.all {
            if let fallback = setting.fallback {
                values[setting.key] = try Self.parse(fallback, for: setting, from: "the default")
            }
        }
        if let path { try merge(file: path) }
        for setting in Setting.all {
            if let text = environment[setting.variable] {
                values[setting.key] = try Self.parse(text, for: setting, from: setting.variable)
            }
            if let text = options[setting.key] {
                values[setting.key] = try Self.parse(text, for: setting, from: "the options")
            }
        }
    }

    /// Keys whose values differ from those of `other`.
    func changes(from other: Settings) -> [String] {
        Setting.all.map(\.key).filter { values[$0] != other.values[$0] }
    }

    /// These settings, with the values of `other` where it may be changed while the daemon runs.
    func adopting(_ other: Settings) -> Settings {
        var settings = self
        for setting in Setting.all where setting.isLive { settings.values[setting.key] = other.values[setting.key] }
        return settings
    }

    func text(_ key: String) -> String? {
        if case .text(let value) = values[key] { value } else { nil }
    }

    func integer(_ key: String) -> Int {
        guard case .integer(let value) = values[key] else { preconditionFailure("\(key) has no default") }
        return value
    }

    func number(_ key: String) -> Double {
        guard case .number(let value) = values[key] else { preconditionFailure("\(key) has no default") }
        return value
    }

    func flag(_ key: String) -> Bool {
        guard case .flag(let value) = values[key] else { preconditionFailure("\(key) has no default") }
        return value
    }

    func list(_ key: String) -> [String] {
        if case .list(let value) = values[key] { value } else { [] }
    }

    /// The labels, as many and as long as the limits allow.
    func labels() throws(ConfigurationError) -> [String] {
        let labels = list("labels")
        guard labels.count <= integer("limits.labels") else {
            throw ConfigurationError(
                "'labels' names \(labels.count) labels; limits.labels allows \(integer("limits.labels"))")
        }
        let most = min(integer("limits.labelBytes"), Limits.nameBytes)
        for label in labels {
            let isPrintable = label.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard (1...most).contains(label.utf8.count), isPrintable else {
                throw ConfigurationError(
                    "'labels': '\(label)' must have 1 to \(most) bytes (limits.labelBytes) and no control characters")
            }
        }
        return labels
    }

    private mutating func merge(file path: String) throws(ConfigurationError) {
        let root: Node?
        if (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
            throw ConfigurationError("\(path): a directory, where a YAML file is needed")
        }
        do {
            // Nodes and not values: a label 'no' or '010' stays the text that it is.
            root = try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8))
        } catch let error as YamlError {
            throw ConfigurationError("\(path): not YAML: \(error)")
        } catch {
            throw ConfigurationError("\(path): not readable: \(error.localizedDescription)")
        }
        guard let root, !Self.isNull(root) else { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError("\(path): expected keys with values, such as 'model: /path'")
        }
        var given: Set<String> = []
        try merge(mapping, prefix: "", path: path, given: &given)
    }

    /// Reads what is below `prefix`; `given` are the keys that the file has given so far.
    private mutating func merge(
        _ mapping: Node.Mapping, prefix: String, path: String, given: inout Set<String>
    ) throws(ConfigurationError) {
        for (name, value) in mapping {
            let key = prefix + (name.scalar?.string ?? "")
            if let setting = Setting.all.first(where: { $0.key == key }) {
                guard given.insert(key).inserted else {
                    throw ConfigurationError(
                        "\(path): '\(key)' is given twice, once in its group and once by its whole name")
                }
                if !Self.isNull(value) { values[key] = try Self.convert(value, for: setting, from: path) }
            } else if Setting.all.contains(where: { $0.key.hasPrefix(key + ".") }) {
                guard let nested = value.mapping else {
                    // A group with all its settings commented out.
                    if Self.isNull(value) { continue }
                    throw ConfigurationError("\(path): '\(key)' is a group of settings, which go below it, indented")
                }
                try merge(nested, prefix: key + ".", path: path, given: &given)
            } else {
                throw ConfigurationError(
                    """
                    \(path): there is no setting '\(key)'\(Self.suggestion(for: key, among: Setting.all.map(\.key))); \
                    'attuned check --settings' lists them
                    """
                )
            }
        }
    }

    /// What is said of variables that name no setting and are spelt much like one that does.
    static func misspelt(in environment: [String: String]) -> [String] {
        let variables = Setting.all.map(\.variable)
        return environment.keys.filter { $0.hasPrefix("ATTUNED_") && !variables.contains($0) }.sorted()
            .compactMap { name in
                nearest(to: name, among: variables, atMost: (name.count - "ATTUNED_".count) / 3)
                    .map { "\(name) is no setting and does nothing (did you mean \($0)?)" }
            }
    }

    /// The setting of `names` that `name` may have been meant for, in words; empty where none is like it.
    private static func suggestion(for name: String, among names: [String]) -> String {
        nearest(to: name, among: names, atMost: name.count / 2).map { " (did you mean '\($0)'?)" } ?? ""
    }

    /// That of `names` from which the fewest changes lead to `name`, if they are not more than `limit`.
    private static func nearest(to name: String, among names: [String], atMost limit: Int) -> String? {
        // Comparing takes time with the square of the lengths, and anything may stand in a file.
        let length = name.count
        let distances = names.filter { abs($0.count - length) <= $0.count }
            .map { (name: $0, changes: name.difference(from: $0).count) }
        guard let nearest = distances.min(by: { $0.changes < $1.changes }), nearest.changes <= limit else { return nil }
        return nearest.name
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func convert(_ node: Node, for setting: Setting, from source: String) throws(ConfigurationError)
        -> Value
    {
        if setting.kind.isList, let sequence = node.sequence {
            var texts: [String] = []
            for item in sequence {
                guard let text = item.scalar?.string else {
                    throw fault(setting, source, "an entry that is not a text")
                }
                texts.append(text)
            }
            return .list(try check(texts, for: setting, from: source))
        }
        guard let text = node.scalar?.string else { throw fault(setting, source, "a list or a mapping") }
        return try parse(text, for: setting, from: source)
    }

    private static func parse(_ text: String, for setting: Setting, from source: String) throws(ConfigurationError)
        -> Value
    {
        switch setting.kind {
        case .text:
            guard !text.isEmpty else { throw fault(setting, source, "an empty text") }
            return .text(text)
        case .integer(let range):
            guard let value = Int(text), range.contains(value) else { throw fault(setting, source, "'\(text)'") }
            return .integer(value)
        case .number(let range):
            guard let value = Double(text), range.contains(value) else { throw fault(setting, source, "'\(text)'") }
            return .number(value)
        case .flag:
            guard let value = Bool(text.lowercased()) else { throw fault(setting, source, "'\(text)'") }
            return .flag(value)
        case .list, .choices:
            let items = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return .list(try check(items.filter { !$0.isEmpty }, for: setting, from: source))
        case .choice(let choices):
            guard choices.contains(text) else { throw fault(setting, source, "'\(text)'") }
            return .text(text)
        }
    }

    private static func check(_ items: [String], for setting: Setting, from source: String) throws(ConfigurationError)
        -> [String]
    {
        guard case .choices(let choices) = setting.kind else { return items }
        guard !items.isEmpty else { throw fault(setting, source, "empty") }
        if let other = items.first(where: { !choices.contains($0) }) { throw fault(setting, source, "'\(other)'") }
        return items
    }

    private static func fault(_ setting: Setting, _ source: String, _ found: String) -> ConfigurationError {
        ConfigurationError("\(source): '\(setting.key)' must be \(setting.kind.words), but is \(found)")
    }
}
