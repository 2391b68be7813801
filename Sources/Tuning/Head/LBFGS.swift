import Tensors

/// Minimises a smooth convex function by L-BFGS (Liu and Nocedal, 1989) with a backtracking line search.
///
/// Every sum has a fixed order, so equal functions give equal bits. Once the memory is full, iterations allocate no vectors.
package struct LBFGS {
    /// Pairs of steps and gradient changes that approximate the curvature.
    package var memory = 10
    var iterationLimit = 500
    /// Evaluations past which no new iteration begins.
    var evaluationLimit = 1000
    /// Length of the gradient at which to stop.
    var tolerance: Double

    package struct Outcome {
        package var point: [Float]
        var value: Double
        package var gradientLength: Double
        var iterations: Int
        var evaluations: Int
    }

    /// Makes of a vector its product with a rough inverse of the Hessian; nil for none.
    package var precondition: (([Float], inout [Float]) -> Void)?

    private let kernels = VectorKernels.best

    /// Stops where the gradient is no longer than `tolerance`.
    package init(tolerance: Double) { self.tolerance = tolerance }

    /// The minimum of `function` from `start`, or nil when interrupted between iterations.
    ///
    /// `function` returns its value at a point and writes its gradient there.
    package func minimize(
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
            evaluations: evaluations
        )
    }
}

extension LBFGS {
    /// The last steps, and how the gradient changed on them.
    private struct History {
        private struct Pair {
            var step: [Float]
            var change: [Float]
            /// The preconditioner times `change`; empty without one.
            var preconditioned: [Float]
            /// One over the inner product of `step` and `change`.
            var inverse = 0.0
            var factor = 0.0
        }

        private let memory: Int
        private var pairs: [Pair] = []
        /// The slot of `pairs` that is written next.
        private var next = 0
        private(set) var count = 0
        /// Whether the last pair lacks what the preconditioner makes of its change.
        private var isNew = false
        private let precondition: (([Float], inout [Float]) -> Void)?
        /// The preconditioner times the gradient at this point, and times that at the one before.
        private var gradient: [Float]
        private var lastGradient: [Float]

        init(memory: Int, count: Int, precondition: (([Float], inout [Float]) -> Void)?) {
            self.memory = memory
            self.precondition = precondition
            gradient = [Float](repeating: 0, count: precondition == nil ? 0 : count)
            lastGradient = gradient
        }

        /// The slot of the pair that is `age` pairs old.
        private func slot(_ age: Int) -> Int { (next + memory - 1 - age) % memory }

        mutating func remember(
            from point: [Float], _ gradient: [Float], to newPoint: [Float], _ newGradient: [Float],
            _ kernels: VectorKernels
        ) {
            if next == pairs.count {
                // Each its own memory: what is shared at first would be copied when it is written.
                func blank(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
                pairs.append(
                    Pair(
                        step: blank(point.count), change: blank(point.count),
                        preconditioned: blank(precondition == nil ? 0 : point.count)))
            }
            kernels.combine(newPoint, times: 1, point, times: -1, into: &pairs[next].step)
            kernels.combine(newGradient, times: 1, gradient, times: -1, into: &pairs[next].change)
            let product = kernels.dot(pairs[next].step, pairs[next].change)
            // A convex function's gradient grows along every step; where rounding hides that, the pair says nothing.
            guard product > 1e-10 * kernels.dot(pairs[next].change, pairs[next].change) else {
                // It was written over the oldest pair, if there was no room left.
                count = min(count, memory - 1)
                return
            }
            pairs[next].inverse = 1 / product
            next = (next + 1) % memory
            count = min(count + 1, memory)
            isNew = true
        }

        /// Minus the approximate inverse Hessian times `gradient`, by the two-loop recursion.
        ///
        /// The preconditioner is linear: it is applied to the gradients alone, and what it makes of all else is put together
        /// from that.
        mutating func direct(_ direction: inout [Float], against gradient: [Float], _ kernels: VectorKernels) {
            kernels.combine(gradient, times: -1, gradient, times: 0, into: &direction)
            precondition(gradient, kernels)
            for age in 0..<count {
                let slot = slot(age)
                let factor = pairs[slot].inverse * kernels.dot(pairs[slot].step, direction)
                pairs[slot].factor = factor
                kernels.add(Float(-factor), times: pairs[slot].change, to: &direction)
            }
            if precondition != nil {
                kernels.combine(self.gradient, times: -1, self.gradient, times: 0, into: &direction)
                for age in 0..<count {
                    let pair = pairs[slot(age)]
                    kernels.add(Float(-pair.factor), times: pair.preconditioned, to: &direction)
                }
            }
            scaleByLast(&direction, kernels)
            for age in (0..<count).reversed() {
                let pair = pairs[slot(age)]
                let factor = pair.inverse * kernels.dot(pair.change, direction)
                kernels.add(Float(pair.factor - factor), times: pair.step, to: &direction)
            }
        }

        /// Preconditions the gradient, and by that what is known of the last pair.
        private mutating func precondition(_ gradient: [Float], _ kernels: VectorKernels) {
            guard let precondition else { return }
            swap(&self.gradient, &lastGradient)
            precondition(gradient, &self.gradient)
            if isNew {
                kernels.combine(
                    self.gradient, times: 1, lastGradient, times: -1, into: &pairs[slot(0)].preconditioned)
                isNew = false
            }
        }

        /// Multiplies so that the last step would have come out right.
        private func scaleByLast(_ direction: inout [Float], _ kernels: VectorKernels) {
            guard count > 0 else { return }
            let last = pairs[slot(0)]
            let squares = max(
                kernels.dot(last.change, precondition == nil ? last.change : last.preconditioned),
                .leastNormalMagnitude)
            kernels.scale(&direction, by: Float(1 / (last.inverse * squares)))
        }
    }
}
