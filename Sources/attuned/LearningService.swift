import Glibc
import Learning
import Logging
import ServiceLifecycle
import Supervision
import Synchronization

/// Learns in the background until the daemon stops.
///
/// A burst is told to stop and does so between two steps; but its threads run at idle priority, and on a busy machine that may
/// take for ever. A publish is waited for, and the service manager asked for the time; a burst is abandoned. Nothing is lost by
/// it: what was acknowledged is committed, and the next start learns it.
final class LearningService: Service {
    private let learner: Learner
    private let notifier: Notifier
    private let logger: Logger
    private let hasEnded = Atomic(false)

    /// How long a burst has to come to a stop: longer than answering what is in flight may take.
    private static let patience = ServerService.patience + .seconds(3)

    init(learner: Learner, notifier: Notifier, logger: Logger) {
        self.learner = learner
        self.notifier = notifier
        self.logger = logger
    }

    func run() async throws {
        guard learner.isEnabled else { return try await gracefulShutdown() }
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown { await self.learner.run() }
        } onGracefulShutdown: {
            Task { await self.watchEnd() }
        }
        hasEnded.store(true, ordering: .releasing)
    }

    /// Ends the process if the learner does not come to its end.
    private func watchEnd() async {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline || learner.isPublishing {
            if learner.isPublishing { notifier.later { $0.extendTimeout(by: .seconds(30)) } }
            try? await Task.sleep(for: .milliseconds(200))
            if hasEnded.load(ordering: .acquiring) { return }
        }
        logger.notice("a burst was abandoned", metadata: ["burst": "\(learner.burst?.id ?? 0)"])
        learner.abandonBurst()
        _exit(0)
    }
}
