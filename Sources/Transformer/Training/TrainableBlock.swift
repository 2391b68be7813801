import Tensors

/// One transformer block in training: `backward` is `forward` read upwards.
struct TrainableBlock {
    let shape: BlockShape
    let kernels: VectorKernels
    let query: LinearLayer
    let key: LinearLayer
    let value: LinearLayer
    let attentionOutput: LinearLayer
    let attentionNorm: NormLayer
    let intermediate: LinearLayer
    let output: LinearLayer
    let outputNorm: NormLayer

    private var scale: Float { 1 / Float(shape.headSize).squareRoot() }

    /// Writes the block's output for `hidden` [tokens, hiddenSize] into `kept.output`.
    ///
    /// Sequence i is rows starts[i] ..< starts[i + 1]; `scratch` is as `scratchSize` says.
    func forward(_ hidden: MatrixView, starts: [Int], keeping kept: BlockActivations, scratch: MatrixView) {
        let size = shape.hiddenSize
        for (index, layer) in [query, key, value].enumerated() {
            let part = kept.projected.columns(index * size..<(index + 1) * size)
            layer.forward(hidden, into: part)
            kernels.applyBias(layer.bias, to: part)
        }
        forEachHead(starts) { rows, first in
            let parts = heads(of: kept.projected.rows(rows), first: first)
            kernels.attention(
                query: parts.query,
                key: parts.key,
                value: parts.value,
                scale: scale,
                into: kept.context.rows(rows).columns(first..<first + shape.headSize),
                scratch: scratch
            )
        }
        attentionOutput.forward(kept.context, into: kept.attentionSum)
        attentionNorm.forward(
            kept.attentionSum,
            residual: hidden,
            inputBias: attentionOutput.bias,
            statistics: kept.attentionStatistics,
            into: kept.mixed,
            kernels: kernels
        )

        intermediate.forward(kept.mixed, into: kept.inner)
        kernels.activate(
            kept.inner,
            adding: intermediate.bias,
            activation: shape.activation,
            into: kept.widened
        )
        output.forward(kept.widened, into: kept.outputSum)
        outputNorm.forward(
            kept.outputSum,
            residual: kept.mixed,
            inputBias: output.bias,
            statistics: kept.outputStatistics,
            into: kept.output,
            kernels: kernels
        )
    }

    /// Writes the parameters' gradients and replaces `gradient`, of the block's output, by that of its input.
    ///
    /// Where nothing below is trained (`reachesInput` false) what remains in `gradient` means nothing.
    func backward(
        _ gradient: MatrixView,
        hidden: MatrixView,
        starts: [Int],
        kept: BlockActivations,
        gradients: BlockGradients,
        reachesInput: Bool,
        scratch: MatrixView
    ) {
        let size = shape.hiddenSize
        outputNorm.backward(gradient, x: kept.outputSum, statistics: kept.outputStatistics, kernels: kernels)
        let widened = gradients.widened.rows(0..<hidden.rows)
        output.backward(gradient, x: kept.widened, into: widened, adding: false, kernels: kernels)
        kernels.activateBackward(kept.inner, activation: shape.activation, gradient: widened)
        // What is in `gradient` by now belongs to the residual; the other path is added.
        intermediate.backward(widened, x: kept.mixed, into: gradient, adding: true, kernels: kernels)

        attentionNorm.backward(gradient, x: kept.attentionSum, statistics: kept.attentionStatistics, kernels: kernels)
        let context = gradients.context.rows(0..<hidden.rows)
        attentionOutput.backward(gradient, x: kept.context, into: context, adding: false, kernels: kernels)
        let projected = gradients.projected.rows(0..<hidden.rows)
        forEachHead(starts) { rows, first in
            kernels.attentionBackward(
                projected: heads(of: kept.projected.rows(rows), first: first),
                scale: scale,
                outputGradient: context.rows(rows).columns(first..<first + shape.headSize),
                gradients: heads(of: projected.rows(rows), first: first),
                scratch: scratch
            )
        }
        for (index, layer) in [query, key, value].enumerated() {
            layer.backward(
                projected.columns(index * size..<(index + 1) * size),
                x: hidden,
                into: reachesInput ? gradient : nil,
                adding: true,
                kernels: kernels
            )
        }
    }

    /// Calls `body` with the rows of each sequence and the first column of each of its heads.
    private func forEachHead(_ starts: [Int], _ body: (Range<Int>, Int) -> Void) {
        for (start, end) in zip(starts, starts.dropFirst()) where end > start {
            for head in 0..<shape.headCount {
                body(start..<end, head * shape.headSize)
            }
        }
    }

    /// Query, key and value of the head that starts at column `first`.
    private func heads(
        of projected: MatrixView,
        first: Int
    ) -> (query: MatrixView, key: MatrixView, value: MatrixView) {
        let size = shape.hiddenSize
        let last = first + shape.headSize
        return (
            projected.columns(first..<last), projected.columns(size + first..<size + last),
            projected.columns(2 * size + first..<2 * size + last)
        )
    }

    /// Floats of scratch for sequences of at most `length` tokens, forward or backward.
    static func scratchSize(_ shape: BlockShape, length: Int, kernels: VectorKernels) -> Int {
        max(
            kernels.attentionScratch(length: length, headSize: shape.headSize),
            kernels.attentionBackwardScratch(length: length, headSize: shape.headSize)
        )
    }
}
