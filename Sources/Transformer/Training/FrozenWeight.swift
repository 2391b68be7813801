import Tensors

/// A weight that a burst does not change, packed once for both directions, so that no step has to pack it again.
struct FrozenWeight {
    /// Rows of a product that are computed by one call, few enough to stay in the cache; the bits do not depend on it.
    private static let tileRows = 128

    private let weight: PackedMatrix
    /// Nil where nothing below is trained.
    private let transposed: PackedMatrix?

    init(_ weight: Tensor, hasBackward: Bool, kernels: VectorKernels) {
        self.weight = PackedMatrix(weight, kernels: kernels)
        transposed = hasBackward ? PackedMatrix(transposing: weight, kernels: kernels) : nil
    }

    /// Writes x · weightᵀ into `y`.
    func forward(_ x: MatrixView, into y: MatrixView) {
        forEachTile(x.rows) { weight.multiply(x.rows($0), bias: nil, into: y.rows($0)) }
    }

    /// Writes gradient · weight into `inputGradient`, or adds it.
    func backward(_ gradient: MatrixView, into inputGradient: MatrixView, adding: Bool) {
        guard let transposed else { preconditionFailure("this weight was packed for its forward alone") }
        forEachTile(gradient.rows) { range in
            if adding {
                transposed.multiply(gradient.rows(range), addingTo: inputGradient.rows(range))
            } else {
                transposed.multiply(gradient.rows(range), bias: nil, into: inputGradient.rows(range))
            }
        }
    }

    private func forEachTile(_ rows: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: rows, by: Self.tileRows) {
            body(start..<min(start + Self.tileRows, rows))
        }
    }
}
