package import AttuneClient
import LineProtocol

/// Sending a correction, patiently: what the daemon asks to be sent again is sent again, under the same key.
package enum Submission {
    /// Sends a correction until it is taken or refused for good.
    static func send(_ submission: SubmitParameters, by client: AttuneClient) async throws -> SubmitResult {
        var attempt = 0
        while true {
            do {
                return try await client.submit(submission)
            } catch {
                attempt += 1
                guard attempt <= 10, let pause = pause(after: error) else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// How long to wait before the same correction is sent again; nil if that is no use.
    package static func pause(after error: ClientError) -> Duration? {
        guard case .protocolError(let refusal) = error else { return nil }
        switch refusal.code {
        // With this the daemon has closed the connection.
        case .overloaded where refusal.reason == .tooManyConnections: return nil
        case .overloaded:
            guard case .integer(let milliseconds) = refusal.details["retryAfterMs"] else { return .milliseconds(100) }
            return .milliseconds(min(max(milliseconds, 1), 10_000))
        case .durabilityUnknown: return .milliseconds(100)
        default: return nil
        }
    }

    /// Sends a row; a fault of the row itself is its result, any other one is thrown.
    static func sendRow(
        _ record: Record,
        wait: SubmitParameters.Wait,
        by client: AttuneClient
    ) async throws -> Result<SubmitResult, Failure> {
        var submission = record.submission
        submission.wait = wait
        do {
            return .success(try await send(submission, by: client))
        } catch let error as ClientError {
            switch error {
            case .protocolError(let refusal) where [.invalidParameters, .conflict].contains(refusal.code):
                return .failure(Failure(error))
            case .invalidCall: return .failure(Failure(error))
            default: throw error
            }
        }
    }
}
