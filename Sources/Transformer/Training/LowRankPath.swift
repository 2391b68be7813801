import Tensors

/// A low-rank addition to a linear layer in training: y += scale · (x · aᵀ) · bᵀ.
///
/// Its layer goes through the rows in tiles and asks for each what is to be added, so that what is read for both comes
/// from memory once.
struct LowRankPath {
    /// [rank, inputSize].
    let a: MatrixView
    /// [outputSize, rank].
    let b: MatrixView
    let aGradient: MatrixView
    let bGradient: MatrixView
    let scale: Float
    /// scale · x · aᵀ of the last forward, [most rows, rank].
    let reduced: MatrixView
    let scratch: LowRankScratch
    let kernels: VectorKernels

    /// Both factors as a forward reads them.
    struct ForwardFactors {
        let path: LowRankPath
        let a: PackedPanels
        let b: PackedPanels

        /// What is to be added to rows `range` of y, of which `x` are the inputs.
        func reduce(_ x: MatrixView, _ range: Range<Int>) -> ProductPart {
            let reduced = path.reduced.rows(range)
            path.kernels.multiply(x.constant, a, into: reduced)
            reduced.scale(by: path.scale)
            return ProductPart(x: reduced, weight: b)
        }
    }

    /// Both factors as a backward reads them.
    struct BackwardFactors {
        let path: LowRankPath
        let a: PackedPanels
        let b: PackedPanels
        /// The transpose of b's gradient so far.
        let turned: MatrixView

        /// What is to be added to rows `range` of x's gradient; adds these rows to the factors' gradients.
        func reduce(_ gradient: MatrixView, x: MatrixView, _ range: Range<Int>) -> ProductPart {
            let reduced = path.scratch.reduced.rows(0..<range.count)
            path.kernels.multiply(gradient.constant, b, into: reduced)
            reduced.scale(by: path.scale)
            path.kernels.multiplyAcross(path.reduced.rows(range).constant, gradient.constant, addingTo: turned)
            path.kernels.multiplyAcross(reduced.constant, x.constant, addingTo: path.aGradient)
            return ProductPart(x: reduced, weight: a)
        }

        func finish() { path.bGradient.copy(transposing: turned.constant) }
    }

    func forwardFactors() -> ForwardFactors {
        ForwardFactors(
            path: self, a: kernels.pack(a.constant, into: scratch.first),
            b: kernels.pack(b.constant, into: scratch.second))
    }

    func backwardFactors() -> BackwardFactors {
        aGradient.fill(0)
        let turned = scratch.turned.reshaped(rows: b.columns, columns: b.rows)
        turned.fill(0)
        return BackwardFactors(
            path: self, a: kernels.pack(a.constant, transposed: true, into: scratch.first),
            b: kernels.pack(b.constant, transposed: true, into: scratch.second), turned: turned)
    }
}

/// Memory that all low-rank additions of a body use in turn.
struct LowRankScratch {
    let first: MatrixView
    let second: MatrixView
    let turned: MatrixView
    /// [most rows, rank].
    let reduced: MatrixView

    /// - Parameter longest: the largest size of an input or output.
    init(rank: Int, longest: Int, tokens: Int, kernels: VectorKernels, in workspace: Workspace) {
        let panels = Self.panels(rank: rank, longest: longest, kernels)
        first = workspace.matrix(rows: 1, columns: panels)
        second = workspace.matrix(rows: 1, columns: panels)
        turned = workspace.matrix(rows: rank, columns: longest)
        reduced = workspace.matrix(rows: tokens, columns: rank)
    }

    static func footprint(rank: Int, longest: Int, tokens: Int, kernels: VectorKernels) -> Int {
        2 * Workspace.footprint(rows: 1, columns: panels(rank: rank, longest: longest, kernels))
            + Workspace.footprint(rows: rank, columns: longest) + Workspace.footprint(rows: tokens, columns: rank)
    }

    private static func panels(rank: Int, longest: Int, _ kernels: VectorKernels) -> Int {
        max(
            PackedPanels.footprint(outputSize: rank, inputSize: longest, kernels: kernels),
            PackedPanels.footprint(outputSize: longest, inputSize: rank, kernels: kernels))
    }
}
