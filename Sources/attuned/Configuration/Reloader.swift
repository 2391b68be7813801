import Learning
import LineProtocol
import Logging
import SocketServer
import Supervision

/// Reads the configuration again and applies what can be applied while the daemon runs.
///
/// What was read is checked as a whole before anything changes. One reload at a time: those that come meanwhile wait.
actor Reloader {
    private let source: @Sendable () throws(ConfigurationError) -> Settings
    private let notifier: Notifier
    private let threshold: LogThreshold
    private let logger: Logger
    private var inForce: Settings
    private var parts: Parts?
    private var last: Task<ReloadResult, any Error>?

    /// What a reload reaches.
    struct Parts: Sendable {
        let learner: Learner
        let server: SocketServer
        let socketGroup: UInt32?
        let limits: LiveLimits
    }

    /// - Parameter source: reads the configuration from where `settings` was read.
    init(
        _ settings: Settings, source: @escaping @Sendable () throws(ConfigurationError) -> Settings,
        notifier: Notifier, threshold: LogThreshold, logger: Logger
    ) {
        inForce = settings
        self.source = source
        self.notifier = notifier
        self.threshold = threshold
        self.logger = logger
    }

    /// Says what a reload reaches, once all of it is there.
    func attach(_ parts: Parts) { self.parts = parts }

    /// Reads, checks and applies; when it returns, the new values hold.
    ///
    /// - Throws: `ProtocolError` that says what is wrong with the new configuration; then nothing has changed.
    func reload() async throws -> ReloadResult {
        let previous = last
        let task = Task {
            _ = await previous?.result
            return try await self.reloadNow()
        }
        last = task
        return try await task.value
    }

    private func reloadNow() async throws -> ReloadResult {
        notifier.later { $0.reloading() }
        defer { notifier.later { $0.ready() } }
        do throws(ConfigurationError) {
            let new = try source()
            let adopted = inForce.adopting(new)
            let learning = try adopted.learningOptions()
            let policy = try adopted.policy(socketGroup: parts?.socketGroup)
            return try await apply(adopted, learning, policy, of: new)
        } catch {
            logger.error("the configuration was refused", metadata: ["reason": "\(error)"])
            throw ProtocolError(.conflict, .configuration, "the old configuration stays: \(error)")
        }
    }

    private func apply(
        _ adopted: Settings, _ learning: LearningOptions, _ policy: AccessPolicy, of new: Settings
    ) async throws(ConfigurationError) -> ReloadResult {
        let result = ReloadResult(changed: adopted.changes(from: inForce), needRestart: new.changes(from: adopted))
        do {
            try await parts?.server.reconfigure(policy: policy, limits: adopted.serverLimits)
        } catch {
            throw ConfigurationError("the socket takes no other limits: \(error)")
        }
        parts?.limits.take(adopted)
        threshold.level = adopted.logLevel
        await parts?.learner.reconfigure(learning)
        inForce = adopted
        logger.notice(
            "the configuration was read again",
            metadata: [
                "changed": "\(result.changed.joined(separator: ", "))",
                "needRestart": "\(result.needRestart.joined(separator: ", "))",
            ])
        return result
    }
}
