package import Foundation
import Glibc

/// A JSON file of a model directory, read field by field with errors that name the file and the field.
package struct ModelFile {
    let path: String
    private let fields: [String: Any]

    /// Reads `name` in `directory`; nil if there is no such file.
    init?(_ name: String, in directory: String) throws(ModelError) {
        let path = "\(directory)/\(name)"
        guard try Self.exists(path) else { return nil }
        guard let object = try Self.read(path) as? [String: Any] else {
            throw ModelError(.malformed, "\(path): expected a JSON object")
        }
        self.path = path
        fields = object
    }

    /// Whether there is something at `path`.
    ///
    /// - Throws: `ModelError` where this user may not know.
    private static func exists(_ path: String) throws(ModelError) -> Bool {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return true }
        let obstacle = POSIXErrorCode(rawValue: errno) ?? .EIO
        if [.ENOENT, .ENOTDIR].contains(obstacle) { return false }
        throw ModelError(
            .unreadable, "\(path): user \(geteuid()) cannot read it: \(POSIXError(obstacle).localizedDescription)")
    }

    /// The JSON value in the file at `path`.
    static func read(_ path: String) throws(ModelError) -> Any {
        let data = try contents(path, limit: 16 << 20)
        do {
            return try JSONSerialization.jsonObject(with: data)
        } catch {
            throw ModelError(.unreadable, "\(path): not readable as JSON: \(error.localizedDescription)")
        }
    }

    /// The bytes of the file at `path`, fewer than `limit`.
    ///
    /// - Throws: `ModelError` if it is larger, cannot be read, or is something else: to open a pipe could take for ever.
    package static func contents(_ path: String, limit: Int) throws(ModelError) -> Data {
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw ModelError(.unreadable, "\(path): not a regular file")
        }
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit) ?? Data()
        } catch {
            throw ModelError(.unreadable, "\(path): not readable: \(error.localizedDescription)")
        }
        guard data.count < limit else { throw ModelError(.malformed, "\(path): larger than \(limit >> 20) MiB") }
        return data
    }

    /// The integer `name`, in 1 … `most`.
    func size(_ name: String, most: Int) throws(ModelError) -> Int {
        guard let value = fields[name] as? NSNumber else { throw fault(name, "expected an integer") }
        let size = Int(exactly: value.doubleValue)
        guard let size, (1...most).contains(size) else { throw fault(name, "expected an integer from 1 to \(most)") }
        return size
    }

    /// The number `name`, or `otherwise` where it is absent.
    func number(_ name: String, otherwise: Double) throws(ModelError) -> Double {
        switch fields[name] {
        case nil: return otherwise
        case let value as NSNumber where value.doubleValue.isFinite: return value.doubleValue
        default: throw fault(name, "expected a number")
        }
    }

    /// The string `name`, or `otherwise` where it is absent or null.
    func string(_ name: String, otherwise: String) throws(ModelError) -> String {
        switch fields[name] {
        case nil, is NSNull: return otherwise
        case let value as String: return value
        default: throw fault(name, "expected a string")
        }
    }

    /// Whether `name` is there and true.
    func flag(_ name: String) -> Bool { (fields[name] as? NSNumber)?.boolValue ?? false }

    /// Names of all fields that are true and start with `prefix`.
    func flags(startingWith prefix: String) -> [String] {
        fields.keys.filter { $0.hasPrefix(prefix) && flag($0) }.sorted()
    }

    /// The object of strings `name`, or nil where it is absent.
    func strings(_ name: String) throws(ModelError) -> [String: String]? {
        switch fields[name] {
        case nil, is NSNull: return nil
        case let value as [String: String]: return value
        default: throw fault(name, "expected an object of strings")
        }
    }

    /// The strings in the array `name`; none where it is absent.
    func list(_ name: String) -> [String] { fields[name] as? [String] ?? [] }

    /// The string `name`, or nil where it is anything else.
    func text(_ name: String) -> String? { fields[name] as? String }

    /// The names of all fields, sorted.
    var names: [String] { fields.keys.sorted() }

    /// Whether `name` is absent or says nothing: null, false, zero, or a string, list or object without anything in it.
    func isEmpty(_ name: String) -> Bool {
        switch fields[name] {
        case nil, is NSNull: true
        case let value as NSNumber: !value.boolValue
        case let value as String: value.isEmpty
        case let value as [Any]: value.isEmpty
        case let value as [String: Any]: value.isEmpty
        default: false
        }
    }

    /// An error about the field `name`.
    func fault(_ name: String, _ expected: String, code: ModelError.Code = .malformed) -> ModelError {
        ModelError(code, "\(path): '\(name)': \(expected)")
    }
}
