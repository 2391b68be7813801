import Tensors

/// A rough inverse of a head fit's Hessian: one matrix for all classes, from how the features vary together.
///
/// The Hessian of a class is Σ p(1 − p)·x·xᵀ + penalty. With one number for p(1 − p) that is the features' covariance,
/// whose large and small directions are what makes plain steps slow.
struct HeadPreconditioner {
    /// [featureCount, featureCount].
    private let inverse: [Float]
    private let biasFactor: Float
    private let width: Int

    /// A class's share of p(1 − p) in all examples at a typical optimum; the value hardly matters.
    private static let share: Float = 0.1

    /// Makes it from the covariance of features in `space`, for examples of this total weight.
    init(covariance: [Float], space: HeadSpace, penalty: Float, totalWeight: Double) {
        width = space.width
        let mass = Self.share * Float(totalWeight) / Float(space.classes)
        var matrix = covariance.map { $0 * mass }
        for index in 0..<space.featureCount { matrix[index * space.featureCount + index] += penalty }
        let diagonal = (0..<space.featureCount).map { matrix[$0 * space.featureCount + $0] }
        if !LinearAlgebra.invert(&matrix, size: space.featureCount) {
            // It need not be exact, only positive.
            matrix = [Float](repeating: 0, count: matrix.count)
            for (index, value) in diagonal.enumerated() {
                matrix[index * space.featureCount + index] = value > 0 ? 1 / value : 1
            }
        }
        inverse = matrix
        biasFactor = 1 / (penalty + mass)
    }

    /// result = inverse · gradient, class by class.
    func apply(_ gradient: [Float], _ result: inout [Float]) {
        let features = width - 1
        MatrixView.with(&result, columns: width) { result in
            ConstantMatrix.with(gradient, columns: width) { gradient in
                ConstantMatrix.with(inverse, columns: features) { inverse in
                    LinearAlgebra.multiply(
                        gradient.columns(0..<features),
                        inverse,
                        into: result.columns(0..<features)
                    )
                }
                for row in 0..<result.rows { result[row, features] = biasFactor * gradient[row, features] }
            }
        }
    }

    /// The covariance [featureCount, featureCount] in `space` of the first rows of `sources`.
    static func covariance(_ sources: [HeadRows], space: HeadSpace, limit: Int) -> [Float] {
        let width = space.featureCount
        var centered: [Float] = []
        for source in sources {
            for row in 0..<min(source.count, limit) {
                for index in 0..<width {
                    centered.append(source.features[row * width + index] / space.scale - space.center[index])
                }
            }
        }
        var covariance = [Float](repeating: 0, count: width * width)
        if centered.isEmpty { return covariance }
        MatrixView.with(&covariance, columns: width) { covariance in
            ConstantMatrix.with(centered, columns: width) { rows in
                LinearAlgebra.multiply(rows, transposeA: true, rows, alpha: 1 / Float(rows.rows), into: covariance)
            }
        }
        return covariance
    }
}
