import Dispatch
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
    private let router: RequestRouter
    private let server: SocketServer
    private let reloader: Reloader

    /// Loads, checks and starts everything; when it returns, clients are being answered.
    ///
    /// - Parameter source: reads the configuration, now and again on every reload.
    /// - Throws: an error that says what is wrong with which setting, file or directory.
    init(
        source: @escaping @Sendable () throws(ConfigurationError) -> Settings, relearn: Bool, notifier: Notifier,
        threshold: LogThreshold
    ) async throws {
        Heap.setUp()
        let settings = try source()
        threshold.level = settings.logLevel
        let logger = Logger(label: "attuned")
        self.logger = logger
        self.notifier = notifier
        for warning in Settings.misspelt(in: ProcessInfo.processInfo.environment) { logger.warning("\(warning)") }
        // Before there are other threads: it changes the environment.
        let inherited = try InheritedSockets.take()
        let learning = try settings.learningOptions()
        let choice = try Processor.check()
        logger.info("computing", metadata: ["kernels": "\(choice.vectors)", "blas": "\(choice.blas)"])

        notifier.status("loading the model")
        let stateDirectory = try settings.required("stateDirectory")
        let memo = DigestMemo(stateDirectory: stateDirectory)
        let isTuned = LoadedBody.isTuned(in: stateDirectory)
        model = try await BaseModel(
            directory: settings.required("model"), name: settings.text("name"), precision: settings.precision,
            choice: choice, isServed: !isTuned, memo: memo)
        // No state is begun for a model that cannot be used. Where there is one, its body is made meanwhile.
        if !isTuned { _ = try await model.pipeline() }
        notifier.status("opening the state")
        // All of the journal is checked and taken in, which takes as long as it is large.
        let extending = notifier.extendTimeoutUntilCancelled()
        defer { extending.cancel() }
        var storeOptions = StateStore.Options(logger: logger)
        storeOptions.relearn = relearn
        storeOptions.salvages = true
        storeOptions.keptRevisions = settings.integer("revisions.keep")
        storeOptions.keptBodies = settings.integer("revisions.keepBodies")
        store = try StateStore.open(
            directory: stateDirectory, baseModel: model.identity, options: storeOptions)
        memo.save()
        let served = try await LoadedRevision.loadServing(from: store, base: model.learning, logger: logger)
        served.serving.prepare(threads: BaseModel.packers)
        engine = InferenceEngine(
            pipeline: try await model.pipeline(), revision: served.serving, options: settings.engineOptions)
        learner = Learner(
            store: store, engine: engine, base: model.learning, served: served, options: learning, logger: logger)
        notifier.status("preparing to learn")
        try await learner.prepare()

        let socket = try Self.socket(settings, inherited: inherited)
        let policy = try settings.policy(socketGroup: socket.group)
        reloader = Reloader(settings, source: source, notifier: notifier, threshold: threshold, logger: logger)
        router = RequestRouter(
            model: model, engine: engine, learner: learner, store: store, limits: LiveLimits(settings),
            room: StateRoom(store: store, logger: logger), labelRoom: LabelRoom(store: store), reloader: reloader,
            logger: logger)
        server = try await SocketServer.start(
            on: socket, policy: policy, limits: settings.serverLimits, logger: logger, handler: router)
        router.connections.attach(server)
        if router.limits.server.connections < settings.serverLimits.connections {
            logger.warning(
                "fewer connections than limits.connections allows",
                metadata: [
                    "connections": "\(router.limits.server.connections)",
                    "boundedBy": "\(router.limits.server.connectionBound)",
                ])
        }
        await reloader.attach(
            .init(learner: learner, server: server, socketGroup: socket.group, limits: router.limits))
        logger.info(
            "serving",
            metadata: [
                "model": "\(model.name)", "revision": "\(served.serving.number)",
                "socket": "\(socket.path ?? "inherited")",
            ])
    }

    /// Serves until SIGTERM or SIGINT, then drains and closes.
    func run() async throws {
        var services: [any Service] = [
            LearningService(learner: learner, notifier: notifier, logger: logger),
            ReportingService(notifier: notifier, store: store, engine: engine, learner: learner, router: router),
            Watchdog(notifier: notifier, server: server, learner: learner, logger: logger),
            ServerService(server: server, notifier: notifier),
        ]
        // Who closes a terminal wants what ran in it to end.
        if isatty(STDIN_FILENO) == 0 { services.append(ReloadService(reloader: reloader)) }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        let hook = blockingHook()
        try await group.run()
        hook?.cancel()
        await engine.stop()
        await store.close()
        logger.info("stopped")
    }

    /// For tests of the watchdog: with ATTUNED_TEST_BLOCKING=1, SIGUSR1 makes the serving loop hang for good.
    private func blockingHook() -> (any DispatchSourceSignal)? {
        guard ProcessInfo.processInfo.environment["ATTUNED_TEST_BLOCKING"] == "1" else { return nil }
        signal(SIGUSR1, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGUSR1, queue: .global())
        source.setEventHandler { [server] in server.block() }
        source.resume()
        return source
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

/// Answers clients; on shutdown, drains.
struct ServerService: Service {
    /// How long answering what is in flight may take.
    static let patience = Duration.seconds(12)

    let server: SocketServer
    let notifier: Notifier

    func run() async throws {
        await withGracefulShutdownHandler {
            await server.run()
        } onGracefulShutdown: {
            notifier.later { $0.stopping(status: "draining: answering what is in flight") }
            Task { await server.shutdown(within: Self.patience) }
        }
    }
}
