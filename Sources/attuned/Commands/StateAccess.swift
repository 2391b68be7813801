import AttuneClient
import Foundation
import Glibc
import Storage

/// The state of the settings' directory for a subcommand that reads it, whether a daemon has it open or not.
///
/// - Parameter work: what is done with the store, which is that of the daemon as it was a moment ago where one runs.
func withState<Value>(
    _ settings: Settings, model: BaseModelIdentity, _ work: (StateStore) async throws -> Value
) async throws -> Value {
    let state = try settings.required("stateDirectory")
    guard try hasState(state) else { throw ConfigurationError("there is no state in \(state)") }
    guard let snapshot = try await snapshot(of: state, settings) else { return try await withStore(state, model, work) }
    // A copy of one's own: the snapshot belongs to the daemon's user, and goes when the daemon makes room.
    // In a folder that nobody else can enter, from the first byte on.
    let folder = FileManager.default.temporaryDirectory.appending(path: "attuned-state-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appending(path: "state")
    do {
        defer { try? FileManager.default.removeItem(atPath: snapshot) }
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try copyState(snapshot, to: copy.path(percentEncoded: false))
    }
    try own(copy)
    return try await withStore(copy.path(percentEncoded: false), model, work)
}

/// Whether there is a state in `directory`.
///
/// - Throws: `ConfigurationError` where this user may not know.
func hasState(_ directory: String) throws(ConfigurationError) -> Bool {
    var status = stat()
    if unsafe stat("\(directory)/state.sqlite", &status) == 0 { return true }
    let obstacle = errno
    if [ENOENT, ENOTDIR].contains(obstacle) { return false }
    throw ConfigurationError("cannot look into \(directory): \(String(cString: strerror(obstacle)))")
}

/// The store in `directory`, which is another user's where a service has made it.
func openStore(_ directory: String, _ model: BaseModelIdentity) throws -> StateStore {
    do {
        return try StateStore.open(directory: directory, baseModel: model)
    } catch {
        guard error.code == .notOwner else { throw error }
        throw ConfigurationError(
            """
            \(error): give --socket with that of its daemon, which is asked where it runs or can be started, or run this \
            as that user
            """)
    }
}

/// A copy of the state directory `state` as the daemon that has it open makes one; nil if none answers at the socket, or
/// one that has another state.
///
/// What it names is removed later on, perhaps by root, so it must be such a copy, whoever it is that answers.
func snapshot(of state: String, _ settings: Settings) async throws -> String? {
    guard let socket = settings.text("socket"), let client = try? AttuneClient(path: socket) else { return nil }
    defer { client.close() }
    let snapshot = try await client.snapshotState()
    guard StateStore.isSnapshot(snapshot) else {
        throw ConfigurationError("what answers at \(socket) calls \(snapshot) a copy of its state, which it is not")
    }
    let parent = URL(filePath: snapshot).deletingLastPathComponent().path(percentEncoded: false)
    if isSameDirectory(parent, state) { return snapshot }
    try? FileManager.default.removeItem(atPath: snapshot)
    return nil
}

private func isSameDirectory(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard unsafe stat(one, &first) == 0, unsafe stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
}

/// Copies a state directory; files with several names there, as revisions have them in common, are copied once.
func copyState(_ source: String, to target: String) throws {
    let files = FileManager.default
    try files.createDirectory(
        atPath: target, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    var copies: [Int: String] = [:]
    // A directory comes before what is in it.
    for name in try files.subpathsOfDirectory(atPath: source).sorted() {
        let (old, new) = ("\(source)/\(name)", "\(target)/\(name)")
        let attributes = try files.attributesOfItem(atPath: old)
        if attributes[.type] as? FileAttributeType == .typeDirectory {
            try files.createDirectory(
                atPath: new, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            continue
        }
        let number = attributes[.systemFileNumber] as? Int
        if let first = number.flatMap({ copies[$0] }) {
            try files.linkItem(atPath: first, toPath: new)
        } else {
            try files.copyItem(atPath: old, toPath: new)
            if let number { copies[number] = new }
        }
    }
}

/// Makes `folder` and what is in it this process's user's, and nobody else's to enter.
///
/// The daemon's user may be a dynamic one, whose number is another service's tomorrow.
func own(_ folder: URL) throws {
    let files = FileManager.default
    let path = folder.path(percentEncoded: false)
    for name in [""] + (try files.subpathsOfDirectory(atPath: path)) {
        let item = name.isEmpty ? path : "\(path)/\(name)"
        guard lchown(item, geteuid(), getegid()) == 0 else {
            throw ConfigurationError("cannot take over the copy \(item): \(String(cString: strerror(errno)))")
        }
    }
    try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
}

private func withStore<Value>(
    _ directory: String, _ model: BaseModelIdentity, _ work: (StateStore) async throws -> Value
) async throws -> Value {
    let store = try openStore(directory, model)
    do {
        let value = try await work(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}
