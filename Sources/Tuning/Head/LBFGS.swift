import Tensors

/// Minimises a smooth convex function by L-BFGS (Liu and Nocedal, 1989) with a backtracking line search.
///
/// Every sum has a fixed order, so equal functions give equal bits. Iterations allocate no vectors.
struct LBFGS {
    /// Pairs of steps and gradient changes that approximate the curvature.
    var memory = 10
    var iterationLimit = 500
    /// Evaluations past which no new iteration begins.
    var evaluationLimit = 1000
    /// Length of the gradient at which to stop.
    var tolerance: Double

    struct Outcome {
        var point: [Float]
        var value: Double
        var gradientLength: Double
        var iterations: Int
        var evaluations: Int
        /// Whether the gradient came down to the tolerance.
        var isConverged: Bool
    }

    /// Makes of a vector its product with a rough inverse of the Hessian; nil for none.
    var precondition: (([Float], inout [Float]) -> Void)?

    private let kernels = VectorKernels.best

    /// Stops where the gradient is no longer than `tolerance`.
    init(tolerance: Double) { self.tolerance = tolerance }

    /// The minimum of `function` from `start`, or nil when interrupted between iterations.
    ///
    /// `function` returns its value at a point and writes its gradient there.
    func minimize(
        from start: [Float], isInterrupted: () -> Bool, _ function: ([Float], inout [Float]) -> Double
    ) -> Outcome? {
        var point = start
        var gradient = [Float](repeating: 0, count: start.count)
        var value = function(point, &gradient)
        var length = kernels.dot(gradient, gradient).squareRoot()
        var trial = point
        var trialGradient = gradient
        var direction = gradient
        var history = History(memory: memory, count: start.count, precondition: precondition)
        var evaluations = 1
        var iterations = 0
        while length > tolerance, value.isFinite, iterations < iterationLimit, evaluations < evaluationLimit {
            if isInterrupted() { return nil }
            history.direct(&direction, against: gradient, kernels)
            let slope = kernels.dot(direction, gradient)
            guard slope < 0 else { break }
            var step = history.count == 0 && precondition == nil ? min(1, 1 / length) : 1
            var isAccepted = false
            for _ in 0..<20 {
                kernels.combine(point, times: 1, direction, times: Float(step), into: &trial)
                let trialValue = function(trial, &trialGradient)
                evaluations += 1
                // Near the minimum the decrease drowns in rounding; there the slope tells (Hager and Zhang, 2005).
                if trialValue <= value + 1e-4 * step * slope
                    || trialValue <= value + 1e-6 * abs(value)
                        && kernels.dot(direction, trialGradient) <= -0.8 * slope
                {
                    value = trialValue
                    isAccepted = true
                    break
                }
                let excess = trialValue - value - step * slope
                let best = excess.isFinite && excess > 0 ? -slope * step * step / (2 * excess) : 0
                step = min(max(best, 0.1 * step), 0.5 * step)
            }
            guard isAccepted else { break }
            history.remember(from: point, gradient, to: trial, trialGradient, kernels)
            swap(&point, &trial)
            swap(&gradient, &trialGradient)
            length = kernels.dot(gradient, gradient).squareRoot()
            iterations += 1
        }
        return Outcome(
            point: point,
            value: value,
            gradientLength: length,
            iterations: iterations,
            evaluations: evaluations,
            isConverged: length <= tolerance
        )
    }
}

extension LBFGS {
    /// The last steps, and how the gradient changed on them.
    private struct History {
        private var steps: [[Float]]
        private var changes: [[Float]]
        private var inverses: [Double]
        private var factors: [Double]
        /// The slot that is written next.
        private var next = 0
        private(set) var count = 0
        private let precondition: (([Float], inout [Float]) -> Void)?
        private var scratch: [Float]

        init(memory: Int, count: Int, precondition: (([Float], inout [Float]) -> Void)?) {
            self.precondition = precondition
            scratch = [Float](repeating: 0, count: precondition == nil ? 0 : count)
            steps = (0..<memory).map { _ in [Float](repeating: 0, count: count) }
            changes = steps
            inverses = [Double](repeating: 0, count: memory)
            factors = inverses
        }

        /// The slot of the pair that is `age` pairs old.
        private func slot(_ age: Int) -> Int { (next + steps.count - 1 - age) % steps.count }

        mutating func remember(
            from point: [Float], _ gradient: [Float], to newPoint: [Float], _ newGradient: [Float],
            _ kernels: VectorKernels
        ) {
            kernels.combine(newPoint, times: 1, point, times: -1, into: &steps[next])
            kernels.combine(newGradient, times: 1, gradient, times: -1, into: &changes[next])
            let product = kernels.dot(steps[next], changes[next])
            // A convex function's gradient grows along every step; where rounding hides that, the pair says nothing.
            guard product > 1e-10 * kernels.dot(changes[next], changes[next]) else { return }
            inverses[next] = 1 / product
            next = (next + 1) % steps.count
            count = min(count + 1, steps.count)
        }

        /// Minus the approximate inverse Hessian times `gradient`, by the two-loop recursion.
        mutating func direct(_ direction: inout [Float], against gradient: [Float], _ kernels: VectorKernels) {
            kernels.combine(gradient, times: -1, gradient, times: 0, into: &direction)
            for age in 0..<count {
                let slot = slot(age)
                factors[slot] = inverses[slot] * kernels.dot(steps[slot], direction)
                kernels.add(Float(-factors[slot]), times: changes[slot], to: &direction)
            }
            scaleByGuess(&direction, kernels)
            for age in (0..<count).reversed() {
                let slot = slot(age)
                let factor = inverses[slot] * kernels.dot(changes[slot], direction)
                kernels.add(Float(factors[slot] - factor), times: steps[slot], to: &direction)
            }
        }

        /// Multiplies by the preconditioner, and so that the last step would have come out right.
        private mutating func scaleByGuess(_ direction: inout [Float], _ kernels: VectorKernels) {
            if let precondition {
                precondition(direction, &scratch)
                swap(&direction, &scratch)
            }
            guard count > 0 else { return }
            let last = slot(0)
            var squares: Double
            if let precondition {
                precondition(changes[last], &scratch)
                squares = kernels.dot(changes[last], scratch)
            } else {
                squares = kernels.dot(changes[last], changes[last])
            }
            squares = max(squares, .leastNormalMagnitude)
            kernels.scale(&direction, by: Float(1 / (inverses[last] * squares)))
        }
    }
}
