/// A bounded tuning run.
public struct BurstInfo: Sendable, Hashable, Codable {
    /// How far a burst is.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        /// Waiting for its turn.
        case waiting
        /// Training.
        case running
        /// Being judged.
        case judging
        /// Its revision serves.
        case published
        /// The guard refused it.
        case rejected
        /// It could not be finished.
        case failed
        /// It was stopped.
        case cancelled
    }

    /// The burst's number.
    public let id: Int
    /// How far it is.
    public let state: State
    /// What it may change.
    public let method: TuningMethod
    /// Whether it begins from the base model, to have nothing of what was taken back.
    public let rebuild: Bool
    /// Steps taken.
    public let step: Int
    /// Steps planned.
    public let steps: Int
    /// The training loss at the last step.
    public let loss: Double?
    /// What its random choices depend on.
    public let seed: Int
    /// The revision that served when it began; 0 is the base model.
    public let base: Int?
    /// The revision that it made.
    public let revision: Int?
    /// How many corrections it takes in.
    public let corrections: Int
    /// When it started (RFC 3339).
    public let started: String
    /// When it ended (RFC 3339).
    public let finished: String?
    /// Why it ended as it did, where that needs saying.
    public let reason: String?

    package init(
        id: Int,
        state: State,
        method: TuningMethod,
        rebuild: Bool = false,
        step: Int,
        steps: Int,
        loss: Double? = nil,
        seed: Int,
        base: Int?,
        revision: Int? = nil,
        corrections: Int,
        started: String,
        finished: String? = nil,
        reason: String? = nil
    ) {
        self.id = id
        self.state = state
        self.method = method
        self.rebuild = rebuild
        self.step = step
        self.steps = steps
        self.loss = loss
        self.seed = seed
        self.base = base
        self.revision = revision
        self.corrections = corrections
        self.started = started
        self.finished = finished
        self.reason = reason
    }
}

/// The result of `tuning/start`, `tuning/status` and `tuning/cancel`.
public struct BurstResult: Sendable, Hashable {
    /// The burst; nil if there is none.
    public let burst: BurstInfo?

    package init(_ burst: BurstInfo?) { self.burst = burst }
}

extension BurstResult: Codable {
    private enum CodingKeys: String, CodingKey {
        case burst
    }

    /// Writes null, and not nothing, where there is no burst.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if let burst { try container.encode(burst, forKey: .burst) } else { try container.encodeNil(forKey: .burst) }
    }
}
