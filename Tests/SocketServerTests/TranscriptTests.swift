import Glibc
import LineProtocol
import SocketServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct `Transcripts of the protocol` {
    /// Every transcript that a daemon of this kind must fulfil; the others need the one named.
    @Test func `replay against a server with a stub behind it`() async throws {
        var played = 0
        for transcript in try ProtocolFolder.transcripts() {
            let waiting = Event()
            var trouble: StubDaemon.Trouble?
            var policy = AccessPolicy(users: [geteuid(): Set(Role.allCases)])
            var limits = ServerLimits()
            if let requirement = transcript.requires {
                switch requirement {
                case "unprivileged peer": policy.users[geteuid()] = [.predict]
                case "connection limit reached": limits.connections = 0
                case let method where Method(rawValue: method) != nil: break
                default:
                    trouble = StubDaemon.Trouble(rawValue: requirement)
                    #expect(trouble != nil, "\(transcript.name) requires \(requirement)")
                }
            }
            let stub = StubDaemon(trouble: trouble, waiting: waiting)
            try await serving(stub, policy: policy, limits: limits) { path, server in
                let replayer = try Replayer { event in
                    switch event {
                    case "waiting": try await waiting.wait()
                    case "shutdown": Task { await server.shutdown() }
                    default: Issue.record("unknown event \(event)")
                    }
                }
                do {
                    try await replayer.play(transcript, path: path)
                } catch {
                    Issue.record("\(error)")
                }
            }
            played += 1
        }
        print("transcripts replayed: \(played)")
        #expect(played >= 40)
    }

    @Test func `show every method and every error code`() throws {
        var methods: Set<String> = []
        var codes: Set<Int64> = []
        for transcript in try ProtocolFolder.transcripts() {
            for (_, step) in transcript.steps {
                switch step {
                case .send(.object(let object)):
                    if case .string(let method)? = object["method"] { methods.insert(method) }
                case .receive(.object(let object)):
                    if case .object(let error)? = object["error"], case .integer(let code)? = error["code"] {
                        codes.insert(code)
                    }
                default: break
                }
            }
        }
        #expect(methods.isSuperset(of: Method.allCases.map(\.rawValue)))
        #expect(codes == Set(ErrorCode.names.map { Int64($0.code.rawValue) }))
    }
}
