import Tensors

/// A rough inverse of a head fit's Hessian near an optimum: for each class, of a number and the examples that count most.
///
/// The Hessian of a class is Σ weight · p(1 − p) · x · xᵀ + penalty, where p is the class's probability. Near an optimum
/// few examples of a class are in doubt. Those are taken as they are, by the Woodbury identity; what the others add up to
/// is taken to be the same in all directions.
package struct ExamplePreconditioner {
    /// What is known of one class.
    private struct Part {
        /// [examples, width].
        var rows: [Float]
        /// [examples, examples].
        var inverse: [Float]
        /// The Hessian in all directions that the examples do not span.
        var level: Float
    }

    /// An example, and its weight · p(1 − p).
    private struct Doubt {
        var source: Int
        var row: Int
        var size: Float
    }

    /// How much of the Hessians the examples are that are taken as they are, from 0 to 1.
    package let share: Float
    private let parts: [Part]
    private let width: Int
    private let kernels = VectorKernels.best

    /// Examples that are taken as they are, of each class.
    private static let most = 12

    /// Makes it for fits of `objective` that begin at `point`.
    package init(_ objective: HeadObjective, at point: [Float]) {
        let space = objective.space
        var found = [[Doubt]](repeating: [], count: space.classes)
        var totals = [Float](repeating: 0, count: space.classes)
        // What has to be exceeded to be among the largest.
        var least = totals
        objective.curvatures(at: point) { source, row, sizes in
            for label in 0..<space.classes {
                let size = sizes[0, label]
                totals[label] += size
                if size <= least[label] { continue }
                Self.insert(Doubt(source: source, row: row, size: size), into: &found[label])
                if found[label].count == Self.most { least[label] = found[label][Self.most - 1].size }
            }
        }
        let all = totals.reduce(0, +)
        let taken = found.joined().reduce(0) { $0 + $1.size }
        share = all > 0 ? taken / all : 0
        width = space.width
        parts = zip(found, totals).map { doubts, total in
            let rest = max(0, total - doubts.reduce(0) { $0 + $1.size })
            // Features are of length 1 in the mean, and so is what the bias has in their place.
            let level = objective.penalty + 2 * rest / Float(space.width)
            return Self.part(doubts, objective.sources, space, level: level)
        }
    }

    /// result = inverse · gradient, class by class.
    package func apply(_ gradient: [Float], _ result: inout [Float]) {
        var scratch = [Float](repeating: 0, count: 2 * Self.most)
        MatrixView.with(&result, columns: width) { result in
            ConstantMatrix.with(gradient, columns: width) { gradient in
                MatrixView.with(&scratch, columns: Self.most) { scratch in
                    for (label, part) in parts.enumerated() {
                        apply(
                            part, gradient.rows(label..<label + 1), result.rows(label..<label + 1),
                            scratch.rows(0..<1), scratch.rows(1..<2))
                    }
                }
            }
        }
    }

    private func apply(
        _ part: Part, _ gradient: ConstantMatrix, _ result: MatrixView, _ products: MatrixView, _ shares: MatrixView
    ) {
        result.copy(gradient)
        result.scale(by: 1 / part.level)
        let count = part.rows.count / width
        guard count > 0 else { return }
        let products = products.columns(0..<count)
        let shares = shares.columns(0..<count)
        ConstantMatrix.with(part.rows, columns: width) { rows in
            ConstantMatrix.with(part.inverse, columns: count) { inverse in
                kernels.apply(rows, to: gradient, into: products)
                // It is symmetric.
                kernels.apply(inverse, to: products.constant, into: shares)
                shares.scale(by: -1 / part.level)
                kernels.add(shares.constant, times: rows, to: result)
            }
        }
    }

    /// Takes in `doubt`, which is among the largest, which are kept; of equal ones those that came first.
    private static func insert(_ doubt: Doubt, into doubts: inout [Doubt]) {
        guard doubts.count == most else {
            doubts.append(doubt)
            if doubts.count == most { doubts.sort { $0.size > $1.size } }
            return
        }
        let place = doubts.firstIndex { $0.size < doubt.size } ?? most - 1
        doubts.removeLast()
        doubts.insert(doubt, at: place)
    }

    private static func part(_ doubts: [Doubt], _ sources: [HeadRows], _ space: HeadSpace, level: Float) -> Part {
        // Ones where the bias is.
        let (width, length, scale) = (space.width, space.featureCount, space.scale)
        var rows = [Float](repeating: 1, count: doubts.count * width)
        rows.withUnsafeMutableBufferPointer { rows in
            space.center.withUnsafeBufferPointer { center in
                for (place, doubt) in doubts.enumerated() {
                    sources[doubt.source].features.withUnsafeBufferPointer { features in
                        let (from, to) = (doubt.row * length, place * width)
                        for index in 0..<length { rows[to + index] = features[from + index] / scale - center[index] }
                    }
                }
            }
        }
        let count = doubts.count
        let none = Part(rows: [], inverse: [], level: level)
        if count == 0 { return none }
        var inverse = [Float](repeating: 0, count: count * count)
        MatrixView.with(&inverse, columns: count) { inverse in
            ConstantMatrix.with(rows, columns: width) { rows in
                LinearAlgebra.multiply(rows, rows, transposeB: true, into: inverse)
            }
        }
        for (index, doubt) in doubts.enumerated() {
            // What is hardly there must not make it infinite.
            inverse[index * count + index] += level / max(doubt.size, 1e-6 * level)
        }
        // It need not be exact, only positive.
        return LinearAlgebra.invert(&inverse, size: count) ? Part(rows: rows, inverse: inverse, level: level) : none
    }
}
