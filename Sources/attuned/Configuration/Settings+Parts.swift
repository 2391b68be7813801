import Foundation
import Glibc
import Inference
import Learning
import Logging
import SocketServer

extension Settings {
    /// Least level that is logged.
    var logLevel: Logger.Level { Logger.Level(rawValue: text("log.level") ?? "") ?? .info }

    /// What the socket takes on.
    var serverLimits: ServerLimits {
        var limits = ServerLimits()
        limits.lineBytes = integer("limits.lineBytes")
        limits.inFlight = integer("limits.requestsPerConnection")
        limits.connections = integer("limits.connections")
        limits.connectionsPerUser = integer("limits.connectionsPerUser")
        return limits
    }

    /// Most different labels, and the longest one in bytes.
    var labelLimits: (count: Int, bytes: Int) { (integer("limits.labels"), integer("limits.labelBytes")) }

    /// Threads that are made without being asked for: each takes several megabytes once it has computed.
    private static let mostThreads = 8

    /// How the engine computes.
    var engineOptions: InferenceEngine.Options {
        var options = InferenceEngine.Options()
        let threads = integer("inference.threads")
        options.threads = threads > 0 ? threads : min(ProcessInfo.processInfo.activeProcessorCount, Self.mostThreads)
        options.batchTokens = integer("inference.batchTokens")
        options.queuedTexts = integer("inference.queuedTexts")
        return options
    }

    /// What the learner goes by.
    ///
    /// - Throws: `ConfigurationError` for labels that cannot be.
    func learningOptions() throws(ConfigurationError) -> LearningOptions {
        var options = LearningOptions()
        options.labels = try labels()
        options.isEnabled = flag("learning.enabled")
        options.idle = .seconds(number("learning.idleSeconds"))
        options.bursts = bursts
        options.burstMark = text("stateDirectory").map { "\($0)/burst" }
        return options
    }

    /// Who may do what, where members of `socketGroup` may connect.
    ///
    /// - Throws: `ConfigurationError` for users and groups that there are not.
    func policy(socketGroup: UInt32?) throws(ConfigurationError) -> AccessPolicy {
        var policy = AccessPolicy.standard(daemonUser: geteuid(), socketGroup: socketGroup)
        try policy.add(self)
        return policy
    }
}
