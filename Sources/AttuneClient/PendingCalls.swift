import LineProtocol
import Synchronization

/// The calls that wait for their replies, and what becomes of them when the connection ends.
final class PendingCalls: Sendable {
    typealias Reply = Result<[UInt8], ClientError>

    private struct Call {
        let continuation: CheckedContinuation<Reply, Never>
        let progress: (@Sendable (JSONValue) -> Void)?
    }

    private struct State {
        var calls: [Int64: Call] = [:]
        /// Calls whose task was cancelled before it came to wait.
        var forgotten: Set<Int64> = []
        var lastID: Int64 = 0
        /// Why no reply comes any more.
        var end: ClientError?
    }

    private let state = Mutex(State())

    func nextID() -> Int64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Lets a call wait; returns whether it is to be sent.
    func add(
        _ id: Int64,
        _ continuation: CheckedContinuation<Reply, Never>,
        progress: (@Sendable (JSONValue) -> Void)?
    ) -> Bool {
        let obstacle: ClientError? = state.withLock { state in
            if state.forgotten.remove(id) != nil { return .cancelled }
            if let end = state.end { return end }
            state.calls[id] = Call(continuation: continuation, progress: progress)
            return nil
        }
        if let obstacle { continuation.resume(returning: .failure(obstacle)) }
        return obstacle == nil
    }

    /// Ends one call; returns whether it was waiting.
    @discardableResult func finish(_ id: Int64, _ reply: Reply) -> Bool {
        let call = state.withLock { $0.calls.removeValue(forKey: id) }
        call?.continuation.resume(returning: reply)
        return call != nil
    }

    /// Ends a call whose task was cancelled; returns whether it was waiting.
    func cancel(_ id: Int64) -> Bool {
        let call = state.withLock { state in
            let call = state.calls.removeValue(forKey: id)
            if call == nil { state.forgotten.insert(id) }
            return call
        }
        call?.continuation.resume(returning: .failure(.cancelled))
        return call != nil
    }

    /// Forgets that a call was cancelled.
    func forget(_ id: Int64) {
        state.withLock { _ = $0.forgotten.remove(id) }
    }

    /// Takes a line from the daemon to where it belongs.
    ///
    /// One that cannot be told from which call it comes, an error that concerns no call or none that is known, ends all
    /// of them: one would wait for ever otherwise.
    func receive(_ line: [UInt8]) {
        switch ServerMessage(line: line) {
        case .result(_, .integer(let id)): finish(id, .success(line))
        case .error(let error, .integer(let id)?): finish(id, .failure(.protocolError(error)))
        case .error(let error, nil): end(.protocolError(error))
        case .progress(let value, .integer(let id)):
            let progress = state.withLock { $0.calls[id]?.progress }
            progress?(value)
        case .result, .error, .progress: break
        case nil: end(.malformedReply("a line that is neither a reply nor progress"))
        }
    }

    /// Ends every call: no reply comes any more, because of `error` if nothing ended them before.
    func end(_ error: ClientError = .closed) {
        let (calls, error) = state.withLock { state in
            let calls = state.calls
            let error = state.end ?? error
            state.calls = [:]
            state.end = error
            return (calls, error)
        }
        for call in calls.values { call.continuation.resume(returning: .failure(error)) }
    }
}
