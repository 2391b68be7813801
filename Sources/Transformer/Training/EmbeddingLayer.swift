import Tensors

/// Word, type and position embeddings added up and normed, in training.
struct EmbeddingLayer {
    /// The output for the batch in hand, [tokens, hiddenSize].
    let output: MatrixView
    private let words: ConstantMatrix
    private let types: ConstantMatrix
    private let positions: ConstantMatrix
    private let norm: NormLayer
    private let wordGradient: MatrixView?
    private let typeGradient: MatrixView?
    private let positionGradient: MatrixView?
    /// Where words are trained: which rows `words` has.
    private let rows: TouchedRows?
    private let sum: MatrixView
    private let statistics: MatrixView

    static func footprint(_ configuration: ModelConfiguration, tokens: Int) -> Int {
        2 * Workspace.footprint(rows: tokens, columns: configuration.hiddenSize)
            + Workspace.footprint(rows: tokens, columns: 2)
    }

    init(_ arena: TrainedArena, configuration: ModelConfiguration, tokens: Int, in workspace: Workspace) {
        let names = ["word", "token_type", "position"].map { "embeddings.\($0)_embeddings.weight" }
        (words, types, positions) = (arena.value(names[0]), arena.value(names[1]), arena.value(names[2]))
        wordGradient = arena.gradient(names[0])
        typeGradient = arena.gradient(names[1])
        positionGradient = arena.gradient(names[2])
        rows = arena.rows(names[0])
        norm = arena.norm("embeddings.LayerNorm", epsilon: configuration.normEpsilon)
        output = workspace.matrix(rows: tokens, columns: configuration.hiddenSize)
        sum = workspace.matrix(rows: tokens, columns: configuration.hiddenSize)
        statistics = workspace.matrix(rows: tokens, columns: 2)
    }

    func forward(_ batch: TokenBatch, kernels: VectorKernels) -> MatrixView {
        let all = 0..<batch.tokenCount
        for (start, end) in zip(batch.starts, batch.starts.dropFirst()) {
            for token in start..<end {
                let id = batch.ids[token]
                kernels.sumRows(
                    words,
                    rows?.slot(of: id) ?? Int(id),
                    types,
                    Int(batch.typeIDs[token]),
                    positions,
                    token - start,
                    intoRow: token,
                    of: sum
                )
            }
        }
        rows?.touch(batch.ids)
        norm.forward(
            sum.rows(all),
            residual: nil,
            inputBias: nil,
            statistics: statistics.rows(all),
            into: output.rows(all),
            kernels: kernels
        )
        return output.rows(all)
    }

    /// Writes the parameters' gradients; that of words only in the rows that the batch touches.
    func backward(_ gradient: MatrixView, batch: TokenBatch, kernels: VectorKernels) {
        norm.backward(
            gradient,
            x: sum.rows(0..<batch.tokenCount),
            statistics: statistics.rows(0..<batch.tokenCount),
            kernels: kernels
        )
        typeGradient?.fill(0)
        positionGradient?.fill(0)
        if let wordGradient, let rows {
            for slot in rows.current { wordGradient.rows(slot..<slot + 1).fill(0) }
        }
        for (start, end) in zip(batch.starts, batch.starts.dropFirst()) {
            for token in start..<end {
                if let wordGradient, let rows {
                    kernels.addRow(token, of: gradient, toRow: rows.slot(of: batch.ids[token]), of: wordGradient)
                }
                if let typeGradient {
                    kernels.addRow(token, of: gradient, toRow: Int(batch.typeIDs[token]), of: typeGradient)
                }
                if let positionGradient {
                    kernels.addRow(token, of: gradient, toRow: token - start, of: positionGradient)
                }
            }
        }
    }
}
