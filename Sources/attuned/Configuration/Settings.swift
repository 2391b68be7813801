import Foundation
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

    private mutating func merge(file path: String) throws(ConfigurationError) {
        let tree: Any?
        do {
            tree = try Yams.load(yaml: String(contentsOfFile: path, encoding: .utf8))
        } catch let error as YamlError {
            throw ConfigurationError("\(path): not YAML: \(error)")
        } catch {
            throw ConfigurationError("\(path): not readable: \(error.localizedDescription)")
        }
        if tree == nil || tree is NSNull { return }
        guard let mapping = tree as? [String: Any] else {
            throw ConfigurationError("\(path): expected keys with values, such as 'model: /path'")
        }
        try merge(mapping, prefix: "", path: path)
    }

    private mutating func merge(_ mapping: [String: Any], prefix: String, path: String) throws(ConfigurationError) {
        for (name, value) in mapping.sorted(by: { $0.key < $1.key }) {
            let key = prefix + name
            if let setting = Setting.all.first(where: { $0.key == key }) {
                values[key] = try Self.convert(value, for: setting, from: path)
            } else if let nested = value as? [String: Any],
                Setting.all.contains(where: { $0.key.hasPrefix(key + ".") })
            {
                try merge(nested, prefix: key + ".", path: path)
            } else {
                let known = Setting.all.map(\.key).joined(separator: ", ")
                throw ConfigurationError("\(path): there is no setting '\(key)'; there are: \(known)")
            }
        }
    }

    private static func convert(_ value: Any, for setting: Setting, from source: String) throws(ConfigurationError)
        -> Value?
    {
        switch (setting.kind, value) {
        case (_, is NSNull): return nil
        case (.list, let list as [Any]):
            return .list(
                try list.map { item throws(ConfigurationError) in
                    guard !(item is [Any]), !(item is [String: Any]), !(item is NSNull) else {
                        throw fault(setting, source, "an entry that is not a text")
                    }
                    return "\(item)"
                })
        case (.list, let text as String): return .list([text])
        case (_, is [Any]), (_, is [String: Any]): throw fault(setting, source, "a list or a mapping")
        default: return try parse("\(value)", for: setting, from: source)
        }
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
        case .list:
            let items = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return .list(items.filter { !$0.isEmpty })
        case .choice(let choices):
            guard choices.contains(text) else { throw fault(setting, source, "'\(text)'") }
            return .text(text)
        }
    }

    private static func fault(_ setting: Setting, _ source: String, _ found: String) -> ConfigurationError {
        ConfigurationError("\(source): '\(setting.key)' must be \(setting.kind.words), but is \(found)")
    }
}
