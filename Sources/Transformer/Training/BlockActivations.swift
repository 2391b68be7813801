import Tensors

/// What a block's forward keeps for its backward; each matrix has a row for every token that a batch may have.
struct BlockActivations {
    /// Query, key and value side by side, [tokens, 3 · hiddenSize].
    let projected: MatrixView
    /// What attention gathers, [tokens, hiddenSize].
    let context: MatrixView
    /// The input of the norm after attention, [tokens, hiddenSize], and that norm's statistics, [tokens, 2].
    let attentionSum: MatrixView
    let attentionStatistics: MatrixView
    /// The output of that norm, [tokens, hiddenSize].
    let mixed: MatrixView
    /// The feed-forward layer before and after its activation, [tokens, intermediateSize].
    let inner: MatrixView
    let widened: MatrixView
    /// The input of the last norm, [tokens, hiddenSize], and its statistics, [tokens, 2].
    let outputSum: MatrixView
    let outputStatistics: MatrixView
    /// The block's output, [tokens, hiddenSize].
    let output: MatrixView

    /// Columns of the matrices above, in order.
    private static func widths(_ shape: BlockShape) -> [Int] {
        let size = shape.hiddenSize
        let wide = shape.intermediateSize
        return [3 * size, size, size, 2, size, wide, wide, size, 2, size]
    }

    /// Floats of workspace that one block's take.
    static func footprint(_ shape: BlockShape, tokens: Int) -> Int {
        widths(shape).reduce(0) { $0 + Workspace.footprint(rows: tokens, columns: $1) }
    }

    init(_ shape: BlockShape, tokens: Int, in workspace: Workspace) {
        let views = Self.widths(shape).map { workspace.matrix(rows: tokens, columns: $0) }
        (projected, context, attentionSum, attentionStatistics, mixed) = (
            views[0], views[1], views[2], views[3], views[4]
        )
        (inner, widened, outputSum, outputStatistics, output) = (views[5], views[6], views[7], views[8], views[9])
    }

    private init(_ other: BlockActivations, tokens: Int) {
        let rows = 0..<tokens
        projected = other.projected.rows(rows)
        context = other.context.rows(rows)
        attentionSum = other.attentionSum.rows(rows)
        attentionStatistics = other.attentionStatistics.rows(rows)
        mixed = other.mixed.rows(rows)
        inner = other.inner.rows(rows)
        widened = other.widened.rows(rows)
        outputSum = other.outputSum.rows(rows)
        outputStatistics = other.outputStatistics.rows(rows)
        output = other.output.rows(rows)
    }

    /// The first `tokens` rows of every matrix.
    func rows(_ tokens: Int) -> BlockActivations { BlockActivations(self, tokens: tokens) }
}

/// Gradients that all blocks share, one after the other; a row for every token that a batch may have.
struct BlockGradients {
    /// [tokens, 3 · hiddenSize].
    let projected: MatrixView
    /// [tokens, hiddenSize].
    let context: MatrixView
    /// [tokens, intermediateSize].
    let widened: MatrixView

    static func footprint(_ shape: BlockShape, tokens: Int) -> Int {
        [3 * shape.hiddenSize, shape.hiddenSize, shape.intermediateSize].reduce(0) {
            $0 + Workspace.footprint(rows: tokens, columns: $1)
        }
    }

    init(_ shape: BlockShape, tokens: Int, in workspace: Workspace) {
        projected = workspace.matrix(rows: tokens, columns: 3 * shape.hiddenSize)
        context = workspace.matrix(rows: tokens, columns: shape.hiddenSize)
        widened = workspace.matrix(rows: tokens, columns: shape.intermediateSize)
    }
}
