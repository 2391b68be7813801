/// The result of `server/discover`.
public struct DiscoverResult: Sendable, Hashable, Codable {
    /// The daemon.
    public struct Server: Sendable, Hashable, Codable {
        /// Its name.
        public let name: String
        /// Its version.
        public let version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// The model that is loaded.
    public struct Model: Sendable, Hashable, Codable {
        /// Its name.
        public let name: String
        /// Its architecture.
        public let architecture: String
        /// What it is asked to do.
        public let task: String
        /// How many numbers it is made of.
        public let parameters: Int

        package init(name: String, architecture: String, task: String, parameters: Int) {
            self.name = name
            self.architecture = architecture
            self.task = task
            self.parameters = parameters
        }
    }

    /// The limits of this connection.
    public struct LimitValues: Sendable, Hashable, Codable {
        /// Bytes of a request's line.
        public let lineBytes: Int
        /// Levels of arrays and objects within each other.
        public let depth: Int
        /// Requests of one connection that are worked on at once.
        public let inFlight: Int
        /// Connections in all.
        public let connections: Int
        /// Connections of one user.
        public let connectionsPerUser: Int
        /// Elements of `inputs` or `examples`.
        public let inputs: Int
        /// Bytes of a text.
        public let textBytes: Int
        /// Bytes of a reply.
        public let replyBytes: Int

        package init(
            lineBytes: Int = Limits.lineBytes,
            depth: Int = Limits.depth,
            inFlight: Int = Limits.inFlight,
            connections: Int = Limits.connections,
            connectionsPerUser: Int = Limits.connectionsPerUser,
            inputs: Int = Limits.inputs,
            textBytes: Int = Limits.textBytes,
            replyBytes: Int = Limits.replyBytes
        ) {
            self.lineBytes = lineBytes
            self.depth = depth
            self.inFlight = inFlight
            self.connections = connections
            self.connectionsPerUser = connectionsPerUser
            self.inputs = inputs
            self.textBytes = textBytes
            self.replyBytes = replyBytes
        }
    }

    /// The versions of the protocol that are spoken.
    public let protocolVersions: [Int]
    /// The daemon.
    public let server: Server
    /// The model that is loaded.
    public let model: Model
    /// The labels that can be answered now.
    public let labels: [String]
    /// The limits of this connection.
    public let limits: LimitValues
    /// The methods that this daemon offers.
    public let methods: [String]

    package init(
        protocolVersions: [Int] = [1],
        server: Server,
        model: Model,
        labels: [String],
        limits: LimitValues = LimitValues(),
        methods: [Method] = Method.allCases
    ) {
        self.protocolVersions = protocolVersions
        self.server = server
        self.model = model
        self.labels = labels
        self.limits = limits
        self.methods = methods.map(\.rawValue)
    }
}

/// The result of `status`.
public struct StatusResult: Sendable, Hashable, Codable {
    /// What the daemon is doing.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        /// Answering.
        case serving
        /// Answering, and learning as well.
        case learning
    }

    /// How much is waiting.
    public struct Queues: Sendable, Hashable, Codable {
        /// Inputs that wait for the model.
        public let inference: Int
        /// Corrections that wait to be learnt.
        public let learning: Int

        package init(inference: Int, learning: Int) {
            self.inference = inference
            self.learning = learning
        }
    }

    /// How many corrections are in each state.
    public struct CorrectionCounts: Sendable, Hashable, Codable {
        /// Durable, and waiting to be learnt.
        public let queued: Int
        /// Part of a revision.
        public let learnt: Int
        /// Nothing could be learnt from them.
        public let rejected: Int
        /// Held back until an administrator decides.
        public let quarantined: Int
        /// Held back by a rollback that went behind them.
        public let withheld: Int
        /// Replaced by later ones of the same input.
        public let superseded: Int
        /// Taken back.
        public let retracted: Int

        package init(_ counts: [CorrectionState: Int]) {
            queued = counts[.queued] ?? 0
            learnt = counts[.learnt] ?? 0
            rejected = counts[.rejected] ?? 0
            quarantined = counts[.quarantined] ?? 0
            withheld = counts[.withheld] ?? 0
            superseded = counts[.superseded] ?? 0
            retracted = counts[.retracted] ?? 0
        }
    }

    /// How far the body has come.
    public struct Body: Sendable, Hashable, Codable {
        /// Corrections that it has learnt.
        public let learnt: Int
        /// Corrections that wait for a burst.
        public let waiting: Int
        /// Corrections that were taken back and that what serves has still seen, until it is made anew.
        public let unlearning: Int
        /// Why no burst begins though corrections wait; nil if one is due or runs.
        public let reason: String?

        package init(learnt: Int, waiting: Int, unlearning: Int, reason: String? = nil) {
            self.learnt = learnt
            self.waiting = waiting
            self.unlearning = unlearning
            self.reason = reason
        }
    }

    /// A user whose corrections are held back until an administrator decides.
    public struct QuarantinedUser: Sendable, Hashable, Codable {
        /// The user.
        public let uid: UInt32
        /// How many corrections are held back.
        public let corrections: Int
        /// Why.
        public let reason: String

        package init(uid: UInt32, corrections: Int, reason: String) {
            self.uid = uid
            self.corrections = corrections
            self.reason = reason
        }
    }

    /// Whether anything can be stored.
    public struct ReadOnly: Sendable, Hashable, Codable {
        /// Whether corrections are refused for now.
        public let flag: Bool
        /// Why.
        public let reason: String?

        package init(flag: Bool = false, reason: String? = nil) {
            self.flag = flag
            self.reason = reason
        }
    }

    /// What the daemon is doing.
    public let state: State
    /// The revision that serves.
    public let revision: Int
    /// The model's name.
    public let model: String
    /// How many labels can be answered.
    public let labels: Int
    /// Seconds since the start.
    public let uptimeSeconds: Double
    /// Connections that are open.
    public let connections: Int
    /// How much is waiting.
    public let queues: Queues
    /// How many corrections are in each state.
    public let corrections: CorrectionCounts
    /// How far the body has come.
    public let body: Body
    /// How well learning goes.
    public let measures: MeasuresInfo?
    /// The users whose corrections are held back.
    public let quarantine: [QuarantinedUser]
    /// The last burst; nil before the first.
    public let lastBurst: BurstInfo?
    /// Whether anything can be stored.
    public let readOnly: ReadOnly

    package init(
        state: State,
        revision: Int,
        model: String,
        labels: Int,
        uptimeSeconds: Double,
        connections: Int,
        queues: Queues,
        corrections: CorrectionCounts,
        body: Body = Body(learnt: 0, waiting: 0, unlearning: 0),
        measures: MeasuresInfo? = nil,
        quarantine: [QuarantinedUser] = [],
        lastBurst: BurstInfo? = nil,
        readOnly: ReadOnly = ReadOnly()
    ) {
        self.state = state
        self.revision = revision
        self.model = model
        self.labels = labels
        self.uptimeSeconds = uptimeSeconds
        self.connections = connections
        self.queues = queues
        self.corrections = corrections
        self.body = body
        self.measures = measures
        self.quarantine = quarantine
        self.lastBurst = lastBurst
        self.readOnly = readOnly
    }
}

/// The result of `metrics`.
public struct MetricsResult: Sendable, Hashable, Codable {
    /// The metrics in OpenMetrics form.
    public let text: String

    package init(text: String) { self.text = text }
}

/// What `state/snapshot` answers.
public struct SnapshotResult: Sendable, Hashable, Codable {
    /// The directory of the copy, below the state directory; whoever asked for it moves it away or removes it.
    public let path: String

    package init(path: String) { self.path = path }
}

/// The result of `configuration/reload`.
public struct ReloadResult: Sendable, Hashable, Codable {
    /// The keys whose new values hold from now on.
    public let changed: [String]
    /// The keys whose new values hold only after a restart.
    public let needRestart: [String]

    package init(changed: [String], needRestart: [String] = []) {
        self.changed = changed
        self.needRestart = needRestart
    }
}

/// The result of `$/cancelRequest` when it was sent as a request.
public struct CancelResult: Sendable, Hashable, Codable {
    /// Whether a request of that id was waiting.
    public let cancelled: Bool

    package init(cancelled: Bool) { self.cancelled = cancelled }
}
