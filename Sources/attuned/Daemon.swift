import Foundation
import Glibc
import Inference
import Learning
import Logging
import ServiceLifecycle
import SocketServer
import Storage
import Supervision
import Tensors
import UnixSignals

/// All parts of the daemon, wired: made in the order in which they need each other, ended in the opposite one.
struct Daemon {
    private let logger: Logger
    private let notifier: Notifier
    private let model: BaseModel
    private let store: StateStore
    private let engine: InferenceEngine
    private let learner: Learner
    private let server: SocketServer

    /// Loads, checks and starts everything; when it returns, clients are being answered.
    ///
    /// - Throws: an error that says what is wrong with which setting, file or directory.
    init(settings: Settings, relearn: Bool) async throws {
        let level = Logger.Level(rawValue: settings.text("log.level") ?? "info") ?? .info
        LoggingSystem.bootstrap(LogHandlers.factory(level: level))
        let logger = Logger(label: "attuned")
        self.logger = logger
        notifier = Notifier()
        // Before there are other threads: it changes the environment.
        let inherited = try InheritedSockets.take()
        let choice = try Processor.check()
        logger.info("computing", metadata: ["kernels": "\(choice.vectors)", "blas": "\(choice.blas)"])

        model = try BaseModel(
            directory: settings.required("model"), name: settings.text("name"), precision: settings.precision,
            choice: choice)
        var storeOptions = StateStore.Options(logger: logger)
        storeOptions.relearn = relearn
        storeOptions.salvages = true
        storeOptions.keptRevisions = settings.integer("revisions.keep")
        storeOptions.keptBodies = settings.integer("revisions.keepBodies")
        store = try StateStore.open(
            directory: settings.required("stateDirectory"), baseModel: model.identity, options: storeOptions)
        let served = try await LoadedRevision.loadServing(from: store, base: model.learning, logger: logger)
        served.serving.prepare()

        var engineOptions = InferenceEngine.Options()
        let threads = settings.integer("inference.threads")
        engineOptions.threads = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
        engineOptions.batchTokens = settings.integer("inference.batchTokens")
        engineOptions.queuedTexts = settings.integer("inference.queuedTexts")
        engine = InferenceEngine(pipeline: model.pipeline, revision: served.serving, options: engineOptions)

        var learning = LearningOptions()
        learning.labels = try settings.labels()
        learning.isEnabled = settings.flag("learning.enabled")
        learning.idle = .seconds(settings.number("learning.idleSeconds"))
        learning.bursts = settings.bursts
        learner = Learner(
            store: store, engine: engine, base: model.learning, served: served, options: learning, logger: logger)
        try await learner.prepare()

        let socket = try Self.socket(settings, inherited: inherited)
        var policy = AccessPolicy.standard(daemonUser: geteuid(), socketGroup: socket.group)
        try policy.add(settings)
        var limits = ServerLimits()
        limits.lineBytes = settings.integer("limits.lineBytes")
        limits.inFlight = settings.integer("limits.requestsPerConnection")
        limits.connections = settings.integer("limits.connections")
        limits.connectionsPerUser = settings.integer("limits.connectionsPerUser")
        let router = RequestRouter(
            model: model, engine: engine, learner: learner, store: store, limits: limits,
            labelLimits: (settings.integer("limits.labels"), settings.integer("limits.labelBytes")))
        server = try await SocketServer.start(
            on: socket, policy: policy, limits: limits, logger: logger, handler: router)
        router.connections.attach(server)
        logger.info(
            "serving",
            metadata: [
                "model": "\(model.name)", "revision": "\(served.serving.number)",
                "socket": "\(socket.path ?? "inherited")",
            ])
    }

    /// Serves until SIGTERM or SIGINT, then drains and closes.
    func run() async throws {
        let services: [any Service] = [
            LearningService(learner: learner), ReportingService(notifier: notifier, store: store, engine: engine),
            ServerService(server: server, notifier: notifier),
        ]
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await engine.stop()
        await store.close()
        logger.info("stopped")
    }

    /// The socket that systemd passed, or one bound at the configured path.
    private static func socket(_ settings: Settings, inherited: [Int32]) throws -> ListeningSocket {
        guard inherited.count <= 1 else {
            throw ConfigurationError("systemd passed \(inherited.count) sockets; expected one")
        }
        if let descriptor = inherited.first { return try ListeningSocket.inherited(descriptor) }
        return try ListeningSocket.bind(path: settings.required("socket"))
    }
}

/// Learns in the background until the daemon stops.
private struct LearningService: Service {
    let learner: Learner

    func run() async throws {
        guard learner.isEnabled else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { await learner.run() }
    }
}

/// Answers clients; on shutdown, drains.
private struct ServerService: Service {
    let server: SocketServer
    let notifier: Notifier

    func run() async throws {
        await withGracefulShutdownHandler {
            await server.run()
        } onGracefulShutdown: {
            notifier.later { $0.stopping(status: "draining") }
            Task { await server.shutdown() }
        }
    }
}
