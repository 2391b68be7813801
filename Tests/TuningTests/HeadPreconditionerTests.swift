import Foundation
import Testing
import Transformer
import Tuning

@Suite struct `The preconditioner of a warm fit` {
    private static let (classes, features, penalty, scale) = (3, 6, Float(0.2), Float(1.5))
    private static let center: [Float] = [0.3, -0.2, 0, 0.1, 0.5, -0.4]

    /// Random rows, a space that is not trivial, and a point in it.
    private func setting(rows count: Int) -> (rows: HeadRows, space: HeadSpace, point: [Float]) {
        var random = TestRandom(state: UInt64(count))
        let rows = HeadRows(
            features: (0..<count * Self.features).map { _ in random.normal() },
            labels: (0..<count).map { Int32($0 % Self.classes) },
            weights: (0..<count).map { 0.5 + Float($0 % 4) / 4 })
        let space = HeadSpace(
            labels: ["a", "b", "c"], featureCount: Self.features, scale: Self.scale, center: Self.center)
        let point = (0..<Self.classes * (Self.features + 1)).map { _ in random.normal() }
        return (rows, space, point)
    }

    /// Softmax probabilities of one row in double precision, and the row in the coordinates of the space.
    private func row(
        _ index: Int, _ rows: HeadRows, _ point: [Float]
    ) -> (x: [Double], shares: [Double]) {
        let width = Self.features + 1
        let x =
            (0..<Self.features).map {
                Double(rows.features[index * Self.features + $0] / Self.scale - Self.center[$0])
            } + [1]
        let logits = (0..<Self.classes).map { label in
            (0..<width).reduce(0.0) { $0 + x[$1] * Double(point[label * width + $1]) }
        }
        let powers = logits.map { exp($0 - (logits.max() ?? 0)) }
        return (x, powers.map { $0 / powers.reduce(0, +) })
    }

    @Test(arguments: [1, 5, 12]) func `undoes the Hessian of a class where its examples are all taken`(count: Int) {
        let (rows, space, point) = setting(rows: count)
        let width = Self.features + 1
        let objective = HeadObjective([rows], space: space, penalty: Self.penalty, target: point)
        let inverse = ExamplePreconditioner(objective, at: point)
        var random = TestRandom(state: 99)
        let gradient = point.map { _ in random.normal() }
        var result = gradient
        inverse.apply(gradient, &result)
        #expect(abs(inverse.share - 1) < 1e-6)
        for label in 0..<Self.classes {
            var back = (0..<width).map { Double(Self.penalty) * Double(result[label * width + $0]) }
            for index in 0..<count {
                let (x, shares) = row(index, rows, point)
                let size = Double(rows.weights[index]) * shares[label] * (1 - shares[label])
                let product = (0..<width).reduce(0.0) { $0 + x[$1] * Double(result[label * width + $1]) }
                for column in 0..<width { back[column] += size * product * x[column] }
            }
            for column in 0..<width {
                #expect(abs(back[column] - Double(gradient[label * width + column])) < 1e-4)
            }
        }
    }

    @Test func `is symmetric and positive where there are more examples than it takes`() {
        let (rows, space, point) = setting(rows: 90)
        let objective = HeadObjective([rows], space: space, penalty: Self.penalty, target: point)
        let inverse = ExamplePreconditioner(objective, at: point)
        #expect(inverse.share > 0.05 && inverse.share < 0.9)
        var random = TestRandom(state: 7)
        for _ in 0..<20 {
            let (a, b) = (point.map { _ in random.normal() }, point.map { _ in random.normal() })
            var (left, right) = (a, b)
            inverse.apply(a, &left)
            inverse.apply(b, &right)
            let (crossed, other) = (inner(left, b), inner(a, right))
            #expect(abs(crossed - other) < 1e-3 * (1 + abs(crossed)))
            #expect(inner(left, a) > 0)
            // No direction is taken to be flatter than the penalty makes it.
            #expect(inner(left, a) <= inner(a, a) / Double(Self.penalty) * 1.0001)
        }
    }

    private func inner(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}
