import Synchronization

/// What the router has answered since the start.
final class Counters: Sendable {
    struct Values: Sendable {
        var predictions = 0
        var embeddings = 0
        var corrections = 0
    }

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    func add(predictions: Int = 0, embeddings: Int = 0, corrections: Int = 0) {
        state.withLock {
            $0.predictions &+= predictions
            $0.embeddings &+= embeddings
            $0.corrections &+= corrections
        }
    }
}
