import Foundation
package import Tensors

/// The sizes and choices that describe a block; architectures are values of this.
package struct BlockShape: Sendable, Equatable {
    package var hiddenSize: Int
    package var headCount: Int
    package var intermediateSize: Int
    package var activation: Activation
    package var normEpsilon: Float

    /// Features of one attention head.
    package var headSize: Int { hiddenSize / headCount }
}

/// One transformer block for serving: bidirectional self-attention and a feed-forward layer, a norm after each.
///
/// Weights are packed; of the parameters only biases and norms are kept.
struct TransformerBlock: Sendable {
    private let shape: BlockShape
    private let precision: WeightPrecision
    private let kernels: VectorKernels
    /// What rows are multiplied by before query, key and value, and before the intermediate layer; nil but for int8.
    private let inputFactors: Tensor?
    private let mixedFactors: Tensor?
    private let query: PackedLayer
    private let key: PackedLayer
    private let value: PackedLayer
    private let attentionOutput: PackedLayer
    private let attentionNorm: NormParameters
    private let intermediate: PackedLayer
    private let output: PackedLayer
    private let outputNorm: NormParameters

    /// A linear layer with packed weights: the parameters' own are not kept.
    private struct PackedLayer: Sendable {
        let weight: PackedMatrix
        /// [outputSize].
        let bias: Tensor

        /// y = activation(x · weightᵀ + bias).
        func multiply(_ x: ProductRows, activation: Activation = .none, into y: MatrixView) {
            weight.multiply(x, bias: bias, activation: activation, into: y)
        }
    }

    /// - Parameters:
    ///   - inputNorm: the norm that the block's input comes from.
    ///   - arena: what the packed weights are put into.
    init(
        _ parameters: BlockParameters, inputNorm: NormParameters, shape: BlockShape, precision: WeightPrecision,
        kernels: VectorKernels, in arena: WeightArena
    ) {
        self.shape = shape
        self.precision = precision
        self.kernels = kernels
        let pack = { (layer: LinearParameters, factors: Tensor?) in
            PackedLayer(
                weight: PackedMatrix(
                    layer.weight, precision: precision, factors: factors, kernels: kernels, in: arena),
                bias: layer.bias)
        }
        let projections = [parameters.query, parameters.key, parameters.value]
        inputFactors = precision == .int8 ? Self.factors(behind: inputNorm, before: projections) : nil
        mixedFactors =
            precision == .int8 ? Self.factors(behind: parameters.attentionNorm, before: [parameters.intermediate]) : nil
        query = pack(parameters.query, inputFactors)
        key = pack(parameters.key, inputFactors)
        value = pack(parameters.value, inputFactors)
        attentionOutput = pack(parameters.attentionOutput, nil)
        intermediate = pack(parameters.intermediate, mixedFactors)
        output = pack(parameters.output, nil)
        (attentionNorm, outputNorm) = (parameters.attentionNorm, parameters.outputNorm)
    }

    /// Floats of an arena that a block's weights take.
    static func arenaFootprint(_ shape: BlockShape, precision: WeightPrecision, kernels: VectorKernels) -> Int {
        let size = { (outputs: Int, inputs: Int) in
            PackedMatrix.footprint(outputSize: outputs, inputSize: inputs, precision: precision, kernels: kernels)
        }
        return 4 * size(shape.hiddenSize, shape.hiddenSize) + size(shape.intermediateSize, shape.hiddenSize)
            + size(shape.hiddenSize, shape.intermediateSize)
    }

    /// Floats of workspace that `forward` needs for a batch of `tokens`, of sequences of at most `longest`.
    static func footprint(
        _ shape: BlockShape, tokens: Int, longest: Int, precision: WeightPrecision, kernels: VectorKernels
    ) -> Int {
        let size = shape.hiddenSize
        let attention = kernels.attentionScratch(length: longest, headSize: shape.headSize, precision: precision)
        let rows = kernels.rowsScratch(precision, rows: tokens, columns: max(size, shape.intermediateSize))
        return Workspace.footprint(rows: tokens, columns: 3 * size)
            + 2 * Workspace.footprint(rows: tokens, columns: size)
            + Workspace.footprint(rows: tokens, columns: shape.intermediateSize)
            + Workspace.footprint(rows: 1, columns: max(attention, rows))
    }

    /// Replaces `hidden` [tokens, hiddenSize] by the block's output; sequence i is rows starts[i] ..< starts[i + 1].
    func forward(_ hidden: MatrixView, starts: [Int], workspace: Workspace) {
        workspace.scoped {
            let tokens = hidden.rows
            let size = shape.hiddenSize
            let projected = workspace.matrix(rows: tokens, columns: 3 * size)
            withRows(hidden, inputFactors, workspace) { rows in
                query.multiply(rows, into: projected.columns(0..<size))
                key.multiply(rows, into: projected.columns(size..<2 * size))
                value.multiply(rows, into: projected.columns(2 * size..<3 * size))
            }

            let context = workspace.matrix(rows: tokens, columns: size)
            attend(projected, starts: starts, into: context, workspace: workspace)

            let mixed = workspace.matrix(rows: tokens, columns: size)
            withRows(context, nil, workspace) { attentionOutput.multiply($0, into: mixed) }
            kernels.layerNorm(
                mixed, residual: hidden, weight: attentionNorm.weight, bias: attentionNorm.bias,
                epsilon: shape.normEpsilon, into: mixed)

            let widened = workspace.matrix(rows: tokens, columns: shape.intermediateSize)
            withRows(mixed, mixedFactors, workspace) {
                intermediate.multiply($0, activation: shape.activation, into: widened)
            }
            withRows(widened, nil, workspace) { output.multiply($0, into: context) }
            kernels.layerNorm(
                context, residual: mixed, weight: outputNorm.weight, bias: outputNorm.bias,
                epsilon: shape.normEpsilon, into: hidden)
        }
    }

    /// Calls `body` with `x` as products of this block's precision read it.
    private func withRows(
        _ x: MatrixView, _ factors: Tensor?, _ workspace: Workspace, _ body: (ProductRows) -> Void
    ) {
        workspace.scoped {
            let size = kernels.rowsScratch(precision, rows: x.rows, columns: x.columns)
            let scratch = workspace.matrix(rows: 1, columns: size)
            body(kernels.rows(x, for: precision, factors: factors, scratch: scratch))
        }
    }

    /// What makes a norm's outputs, and the weights of the layers that read them, about as uneven as each other.
    ///
    /// How large an output gets shows in the norm's own parameters: normed values are rarely beyond 3. Each factor is
    /// √(largest weight ÷ largest output), of several layers their geometric mean.
    private static func factors(behind norm: NormParameters, before layers: [LinearParameters]) -> Tensor {
        let (scales, shifts) = (norm.weight.values, norm.bias.values)
        let sizes = zip(scales, shifts).map { 3 * abs($0) + abs($1) }
        var factors = [Float](repeating: 1, count: sizes.count)
        for layer in layers {
            let weight = layer.weight.values
            for column in factors.indices {
                let largest = stride(from: column, to: weight.count, by: factors.count).reduce(Float(0)) {
                    max($0, abs(weight[$1]))
                }
                factors[column] *= pow(largest / sizes[column], 0.5 / Float(layers.count))
            }
        }
        // A column without weights or without values is as good as any.
        return Tensor(factors.map { $0 > 1e-3 && $0 < 1e3 ? $0 : 1 }, shape: [factors.count])
    }

    /// Attention of every sequence to itself, head by head; `projected` is [tokens, query | key | value].
    private func attend(_ projected: MatrixView, starts: [Int], into context: MatrixView, workspace: Workspace) {
        let size = shape.hiddenSize
        let scale = 1 / Float(shape.headSize).squareRoot()
        for (start, end) in zip(starts, starts.dropFirst()) where end > start {
            workspace.scoped {
                let scratch = workspace.matrix(
                    rows: 1,
                    columns: kernels.attentionScratch(
                        length: end - start, headSize: shape.headSize, precision: precision))
                let rows = projected.rows(start..<end)
                for head in 0..<shape.headCount {
                    let first = head * shape.headSize
                    let last = first + shape.headSize
                    kernels.attention(
                        query: rows.columns(first..<last), key: rows.columns(size + first..<size + last),
                        value: rows.columns(2 * size + first..<2 * size + last), scale: scale,
                        precision: precision, into: context.rows(start..<end).columns(first..<last), scratch: scratch)
                }
            }
        }
    }
}
