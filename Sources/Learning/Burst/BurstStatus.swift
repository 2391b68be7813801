package import Foundation
package import Transformer

/// How a burst is doing, or what became of it.
package struct BurstStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case waiting, running, judging, published, rejected, failed, cancelled
    }

    package var id: Int
    package var state: State
    package var method: TuningMethod.Name
    /// Whether it makes from the base model what never saw the corrections that were taken back.
    package var isRebuild: Bool
    package var step = 0
    package var steps = 0
    package var loss: Double?
    package var seed: UInt64 = 0
    /// The revision that served when it began.
    package var base: Int
    package var revision: Int?
    /// How many corrections it trains on.
    package var corrections = 0
    package var started: Date
    package var finished: Date?
    package var reason: String?

    package init(id: Int, state: State, method: TuningMethod.Name, isRebuild: Bool, base: Int, started: Date) {
        self.id = id
        self.state = state
        self.method = method
        self.isRebuild = isRebuild
        self.base = base
        self.started = started
    }

    package var isOver: Bool { finished != nil }
}
