import AttuneClient
import LineProtocol
import Synchronization

/// A client that makes one request after another from its reading thread, as a program with a blocking socket does: no time
/// goes into waking tasks here.
final class SoloClient: Sendable {
    private let connection: LineConnection
    private let exchange: Exchange

    /// Connects to the daemon's socket.
    init(path: String) throws {
        let exchange = Exchange()
        self.exchange = exchange
        connection = try LineConnection(
            path: path, onLine: { exchange.received($0) }, onEnd: { exchange.fail("the daemon closed the connection") })
    }

    func close() { connection.close() }

    /// Predicts the label of each text, and returns the microseconds that each took, from the request's being sent to the
    /// reply's being read; neither is encoded or decoded meanwhile.
    func predict(_ texts: [String]) async throws -> [UInt64] {
        let lines = try texts.map {
            try Call.predict(PredictParameters(.one(Input($0)), topK: 1)).line(id: .integer(1))
        }
        guard !lines.isEmpty else { return [] }
        return try await withCheckedThrowingContinuation { exchange.begin(lines, over: connection, $0) }
    }
}

/// Requests of which each is sent when the one before has been answered.
private final class Exchange: Sendable {
    private struct Round {
        let lines: [[UInt8]]
        let connection: LineConnection
        let continuation: CheckedContinuation<[UInt64], any Error>
        var times: [UInt64] = []
        var sent = ContinuousClock.now
    }

    private struct State {
        var round: Round?
        /// Why there will be no more rounds.
        var fault: String?
    }

    private let state = Mutex(State())

    func begin(
        _ lines: [[UInt8]], over connection: LineConnection, _ continuation: CheckedContinuation<[UInt64], any Error>
    ) {
        let fault = state.withLock { state in
            if state.fault == nil {
                state.round = Round(lines: lines, connection: connection, continuation: continuation)
                connection.send(lines[0])
            }
            return state.fault
        }
        if let fault { continuation.resume(throwing: BenchDaemon.Failure(description: fault)) }
    }

    func received(_ line: [UInt8]) {
        let now = ContinuousClock.now
        guard case .result? = ServerMessage(line: line) else { return fail(String(decoding: line, as: UTF8.self)) }
        let ended = state.withLock { state -> Round? in
            guard var current = state.round.take() else { return nil }
            current.times.append(UInt64((now - current.sent) / .microseconds(1)))
            guard current.times.count < current.lines.count else { return current }
            current.sent = .now
            current.connection.send(current.lines[current.times.count])
            state.round = current
            return nil
        }
        ended?.continuation.resume(returning: ended?.times ?? [])
    }

    func fail(_ description: String) {
        let ended = state.withLock { state in
            state.fault = description
            return state.round.take()
        }
        ended?.continuation.resume(throwing: BenchDaemon.Failure(description: description))
    }
}
