import Inference
import Learning
import LineProtocol
import Logging
import SocketServer
import Storage

/// Sends each call to the part that answers it, and turns what comes back into what the wire carries.
struct RequestRouter: RequestHandler {
    /// The task of every correction so far.
    static let task = "text-classification"

    let model: BaseModel
    let engine: InferenceEngine
    let learner: Learner
    let store: StateStore
    /// What a reload changes.
    let limits: LiveLimits
    /// How much the state may still grow.
    let room: StateRoom
    /// How many labels there may still be.
    let labelRoom: LabelRoom
    let started = ContinuousClock.now
    let counters = Counters()
    /// Counts open connections, once there is a server.
    let connections = ConnectionCount()
    /// Reads the configuration again.
    let reloader: Reloader
    let logger: Logger

    func answer(_ call: Call, context: RequestContext) async throws -> any Encodable & Sendable {
        let result = try await result(of: call, context)
        if call.method.role == .admin { logAdministration(call.method, context) }
        return result
    }

    /// Logs that something was done that only an administrator may do.
    func logAdministration(_ method: Method, _ context: RequestContext, _ details: Logger.Metadata = [:]) {
        let metadata: Logger.Metadata = ["method": "\(method.rawValue)", "peerUid": "\(context.peer.uid)"]
        logger.notice("an administrator's request was met", metadata: metadata.merging(details) { $1 })
    }

    func answerAtOnce(_ call: Call, context: RequestContext) throws -> (any Encodable & Sendable)? {
        guard case .predict(let parameters) = call else { return nil }
        return try predictAtOnce(parameters)
    }

    private func result(of call: Call, _ context: RequestContext) async throws -> any Encodable & Sendable {
        switch call {
        case .discover: discover()
        case .predict(let parameters): try await predict(parameters, context)
        case .embed(let parameters): try await embed(parameters, context)
        case .evaluate(let parameters): try await evaluate(parameters, context)
        case .submitCorrection(let parameters): try await submit(parameters, context)
        case .getCorrection(let sequence): try await correction(sequence)
        case .listCorrections(let parameters): try await corrections(parameters)
        case .retractCorrection(let parameters): try await retract(parameters, context)
        case .releaseCorrections(let parameters): try await release(parameters)
        case .listRevisions: try await revisions()
        case .getRevision(let number): try await revision(number)
        case .activateRevision(let parameters): try await activate(parameters)
        case .pinRevision(let parameters): try await pin(parameters)
        case .snapshotState: SnapshotResult(path: try await translated(.commit) { try await store.snapshot() })
        case .status: status()
        case .metrics: MetricsResult(text: metrics())
        case .tuningStatus: tuningStatus()
        case .startTuning(let parameters): try await startTuning(parameters, context)
        case .cancelTuning: cancelTuning()
        case .reloadConfiguration: try await reloader.reload()
        }
    }
}
