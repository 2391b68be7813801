import Tensors

/// A weight that a burst does not change, packed once for both directions, so that no step has to pack it again.
struct FrozenWeight: Sendable {
    /// Rows of a product that are computed by one call.
    ///
    /// A low-rank addition reads what is still in the cache: few enough for that, many enough for the weights to be worth
    /// reading. The bits of products do not depend on it.
    private static let tileRows = 64

    private let weight: PackedMatrix
    /// Nil where nothing below is trained.
    private let transposed: PackedMatrix?

    init(_ weight: Tensor, hasBackward: Bool, kernels: VectorKernels) {
        self.weight = PackedMatrix(weight, kernels: kernels)
        transposed = hasBackward ? PackedMatrix(transposing: weight, kernels: kernels) : nil
        weight.letGo()
    }

    /// Writes x · weightᵀ, and the addition's output, into `y`.
    func forward(_ x: MatrixView, addition: LowRankPath?, into y: MatrixView) {
        let factors = addition?.forwardFactors()
        forEachTile(x.rows) { range in
            let part = factors.map { $0.reduce(x.rows(range), range) }
            weight.multiply(x.rows(range), plus: part, into: y.rows(range))
        }
    }

    /// Writes gradient · weight, and what comes through the addition, into `inputGradient`, or adds it; and writes the
    /// gradients of the addition.
    func backward(
        _ gradient: MatrixView, x: MatrixView, addition: LowRankPath?, into inputGradient: MatrixView?, adding: Bool
    ) {
        let factors = addition?.backwardFactors()
        forEachTile(gradient.rows) { range in
            let part = factors.map { $0.reduce(gradient.rows(range), x: x.rows(range), range) }
            guard let inputGradient else { return }
            guard let transposed else { preconditionFailure("this weight was packed for its forward alone") }
            transposed.multiply(gradient.rows(range), plus: part, adding: adding, into: inputGradient.rows(range))
        }
        factors?.finish()
    }

    private func forEachTile(_ rows: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: rows, by: Self.tileRows) {
            body(start..<min(start + Self.tileRows, rows))
        }
    }
}
