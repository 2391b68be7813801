import AttuneClient
import Foundation
import Storage

/// The state of the settings' directory for a subcommand that reads it, whether a daemon has it open or not.
///
/// - Parameter work: what is done with the store, which is that of the daemon as it was a moment ago where one runs.
func withState<Value>(
    _ settings: Settings, model: BaseModelIdentity, _ work: (StateStore) async throws -> Value
) async throws -> Value {
    let state = try settings.required("stateDirectory")
    guard FileManager.default.fileExists(atPath: "\(state)/state.sqlite") else {
        throw ConfigurationError("there is no state in \(state)")
    }
    guard let socket = settings.text("socket"), let client = try? AttuneClient(path: socket) else {
        return try await withStore(state, model, work)
    }
    defer { client.close() }
    let snapshot = try await client.snapshotState()
    defer { try? FileManager.default.removeItem(atPath: snapshot) }
    return try await withStore(snapshot, model, work)
}

private func withStore<Value>(
    _ directory: String, _ model: BaseModelIdentity, _ work: (StateStore) async throws -> Value
) async throws -> Value {
    let store = try StateStore.open(directory: directory, baseModel: model)
    do {
        let value = try await work(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}
