import Foundation

/// How the learning rate goes up and down over the steps of a burst.
package struct LearningRateSchedule: Sendable, Equatable, Codable {
    /// What follows the warm-up.
    package enum Shape: String, Sendable, Codable, CaseIterable {
        /// Down to zero, one step past the last.
        case linear
        case cosine
        case constant
    }

    package var shape: Shape
    /// Steps on the way up; of more than half of all steps only that half is used.
    package var warmUp: Int

    package init(shape: Shape = .linear, warmUp: Int = 0) {
        self.shape = shape
        self.warmUp = warmUp
    }

    /// What the learning rate is multiplied by at `step` of `steps`, counted from 1.
    package func factor(step: Int, of steps: Int) -> Double {
        let warmUp = min(max(warmUp, 0), steps / 2)
        if step <= warmUp { return Double(step) / Double(warmUp + 1) }
        let done = Double(step - warmUp - 1) / Double(steps - warmUp)
        switch shape {
        case .linear: return 1 - done
        case .cosine: return 0.5 * (1 + cos(Double.pi * done))
        case .constant: return 1
        }
    }
}
