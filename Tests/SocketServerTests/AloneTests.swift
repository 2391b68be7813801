import LineProtocol
import SocketServer
import Synchronization
import Testing

/// Answers `metrics` at once, or as a task whose text says so.
private struct Prompt: RequestHandler {
    let refusal: (any Error)?

    init(refusing refusal: (any Error)? = nil) { self.refusal = refusal }

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        MetricsResult(text: "in a task")
    }

    func answerAtOnce(_ call: Call, context: RequestContext) throws -> (any Encodable & Sendable)? {
        guard case .metrics = call else { return nil }
        if let refusal { throw refusal }
        return MetricsResult(text: "at once")
    }
}

private func line(_ method: String, id: Int) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"# + "\n"
}

private func text(_ message: ServerMessage?) -> String? {
    guard case .result(.object(let result), _)? = message, case .string(let text)? = result["text"] else { return nil }
    return text
}

@Suite(.timeLimit(.minutes(15))) struct `A request that is alone` {
    @Test func `is answered at once where the handler does so`() async throws {
        try await serving(Prompt()) { path, _ in
            let wire = try Wire(path)
            for id in 1...20 {
                wire.send(line("metrics", id: id))
                #expect(text(try await wire.next()) == "at once")
            }
            wire.send(line("status", id: 21))
            #expect(text(try await wire.next()) == "in a task")
        }
    }

    @Test func `gets the error that the handler throws`() async throws {
        let refusal = ProtocolError(.noLabels, .noLabels, "there are no labels")
        try await serving(Prompt(refusing: refusal)) { path, _ in
            let wire = try Wire(path)
            wire.send(line("metrics", id: 1))
            #expect(try await wire.error(.integer(1)).message == refusal.message)
        }
    }

    @Test func `gets no other error than an internal one of what the handler did not mean to say`() async throws {
        struct Secret: Error {}
        try await serving(Prompt(refusing: Secret())) { path, _ in
            let wire = try Wire(path)
            wire.send(line("metrics", id: 1))
            let error = try await wire.error(.integer(1))
            #expect(error.code == .internalError)
            #expect(!error.message.contains("Secret"))
            wire.send(line("status", id: 2))
            #expect(text(try await wire.next()) == "in a task")
        }
    }

    @Test func `is not alone with others on its connection`() async throws {
        try await serving(Prompt()) { path, _ in
            let wire = try Wire(path)
            wire.send((1...8).map { line("metrics", id: $0) }.joined())
            var texts: [String?] = []
            for _ in 1...8 { texts.append(text(try await wire.next())) }
            #expect(texts.first == "in a task")
            #expect(!texts.contains(nil))
        }
    }

    @Test func `is told by what else there is and has just been`() {
        let start = ContinuousClock.now
        var traffic = Traffic()
        var found: [Bool] = []
        traffic.begin()
        found.append(traffic.isAlone(now: start))
        traffic.begin()
        found.append(traffic.isAlone(now: start))
        #expect(found == [true, false], "of two neither is")

        traffic.end()
        var time = start + Traffic.caution
        found = [time - .milliseconds(1), time].map { traffic.isAlone(now: $0) }
        #expect(found == [false, true], "for a while after company none is")

        traffic.answeredAtOnce(1, hasMore: false, now: time)
        traffic.heard(from: 1, now: time)
        found = [traffic.isAlone(now: time)]
        traffic.heard(from: 2, now: time + Traffic.overlap)
        found.append(traffic.isAlone(now: time + Traffic.overlap))
        #expect(found == [true, true], "the same client goes on, and another comes later")
        traffic.heard(from: 2, now: time + Traffic.overlap - .microseconds(1))
        found = [traffic.isAlone(now: time + Traffic.overlap)]
        #expect(found == [false], "one that has waited for another is not")

        time += .seconds(1)
        traffic.answeredAtOnce(1, hasMore: true, now: time)
        found = [traffic.isAlone(now: time)]
        #expect(found == [false], "nor is one that came while the client's last was computed")

        time += .seconds(1)
        traffic.begin()
        traffic.setAside()
        found = [traffic.isAlone(now: time)]
        traffic.end(isAside: true)
        found.append(traffic.isAlone(now: time))
        #expect(found == [true, true], "what is set aside is no company")
    }
}
