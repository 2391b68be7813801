import Testing
import Tuning

@Suite struct `The minimiser` {
    /// A valley with a bottom of which both sides become steeper, straight in between: on the straight parts gradients do
    /// not change, and such a step says nothing about the curvature.
    private static func valley(_ x: Float) -> (value: Double, slope: Float) {
        let distance = abs(x)
        let (value, slope): (Float, Float) =
            switch distance {
            case ..<1: (distance * distance / 2, distance)
            case ..<10: (distance - 0.5, 1)
            default: (distance - 0.5 + (distance - 10) * (distance - 10) / 2, 1 + distance - 10)
            }
        return (Double(value), x < 0 ? -slope : slope)
    }

    @Test(arguments: [1, 2, 3, 10], [false, true])
    func `gets over a step that says nothing, whatever it remembers of others`(memory: Int, isPreconditioned: Bool)
        throws
    {
        var minimiser = LBFGS(tolerance: 1e-4)
        minimiser.memory = memory
        if isPreconditioned {
            minimiser.precondition = { vector, result in
                for index in vector.indices { result[index] = vector[index] * 0.5 }
            }
        }
        let found = try #require(
            minimiser.minimize(from: [14, -12.5, 11], isInterrupted: { false }) { point, gradient in
                var sum = 0.0
                for index in point.indices {
                    let (value, slope) = Self.valley(point[index])
                    gradient[index] = slope
                    sum += value
                }
                return sum
            })
        #expect(found.gradientLength <= 1e-4, "\(found.point)")
    }
}
