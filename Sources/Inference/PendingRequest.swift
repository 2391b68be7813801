import Synchronization
import Tokenization

/// The texts of one request on their way through the engine; answered once, when the last one is done.
///
/// All of them are computed with the revision that served when the request came.
final class PendingRequest: Sendable {
    private enum Progress {
        case waiting
        case running(CheckedContinuation<[[Float]], any Error>)
        case ended
    }

    private struct State {
        var progress = Progress.waiting
        var features: [[Float]]
        var remaining: Int
    }

    let body: Body
    let encodings: [Encoding]
    private let state: Mutex<State>

    init(body: Body, encodings: [Encoding]) {
        self.body = body
        self.encodings = encodings
        state = Mutex(
            State(features: Array(repeating: [], count: encodings.count), remaining: encodings.count))
    }

    /// Whether nobody waits for the answer any more.
    var isEnded: Bool {
        state.withLock {
            if case .ended = $0.progress { true } else { false }
        }
    }

    /// Says who waits; false, with the continuation resumed, if the request was cancelled before.
    func begin(_ continuation: CheckedContinuation<[[Float]], any Error>) -> Bool {
        let wasEnded = state.withLock { state in
            if case .ended = state.progress { return true }
            state.progress = .running(continuation)
            return false
        }
        if wasEnded {
            continuation.resume(throwing: CancellationError())
        }
        return !wasEnded
    }

    /// Records the features of text `index`, and answers if it was the last.
    func complete(_ index: Int, with features: [Float]) {
        let answer = state.withLock { state -> (CheckedContinuation<[[Float]], any Error>, [[Float]])? in
            guard case .running(let continuation) = state.progress else { return nil }
            state.features[index] = features
            state.remaining -= 1
            guard state.remaining == 0 else { return nil }
            state.progress = .ended
            return (continuation, state.features)
        }
        answer?.0.resume(returning: answer?.1 ?? [])
    }

    /// Ends the request without an answer.
    func fail(_ error: any Error) {
        let continuation = state.withLock { state -> CheckedContinuation<[[Float]], any Error>? in
            defer { state.progress = .ended }
            guard case .running(let continuation) = state.progress else { return nil }
            return continuation
        }
        continuation?.resume(throwing: error)
    }
}
