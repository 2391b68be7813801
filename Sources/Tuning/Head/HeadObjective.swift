import Tensors

/// What a head fit minimises, as a function of its parameters in a `HeadSpace`.
///
/// Σ weight · cross-entropy(softmax(V·x + b), label) + penalty/2 · (|V − V₀|² + |b − b₀|²) − linear·(V, b), where x are
/// the scaled features and b the biases proper. Rows are taken in blocks of a fixed size and in their order, so that
/// equal inputs give equal bits.
package final class HeadObjective {
    let space: HeadSpace
    let sources: [HeadRows]
    let penalty: Float
    /// Where the penalty pulls: V₀ in a vector of parameters.
    private let target: [Float]
    /// b₀.
    private let targetBiases: [Float]
    /// Subtracted from the gradient; nil for none.
    var linear: [Float]?
    private let workspace: Workspace
    private let kernels = VectorKernels.best

    /// Rows of one block: their logits and features stay in the second-level cache.
    private static let blockRows = 256

    package init(_ sources: [HeadRows], space: HeadSpace, penalty: Float, target: [Float]) {
        self.sources = sources
        self.space = space
        self.penalty = penalty
        self.target = target
        targetBiases = space.biases(at: target)
        workspace = Workspace(capacity: Workspace.footprint(rows: Self.blockRows, columns: space.classes))
    }

    /// The value at `point`; writes the gradient there.
    package func evaluate(_ point: [Float], _ gradient: inout [Float]) -> Double {
        let biases = space.biases(at: point)
        var slopes = [Float](repeating: 0, count: space.classes)
        var value = losses(point, biases, &gradient, &slopes)
        var squares = 0.0
        for row in 0..<space.classes {
            let distance = biases[row] - targetBiases[row]
            slopes[row] += penalty * distance
            squares += Double(distance) * Double(distance)
        }
        squares += pull(point, &gradient)
        spread(slopes, &gradient)
        value += 0.5 * Double(penalty) * squares
        if let linear {
            value -= kernels.dot(linear, point)
            kernels.add(-1, times: linear, to: &gradient)
        }
        return value
    }

    /// Writes the gradient of the weighted cross-entropy alone at `point`.
    func lossGradient(_ point: [Float], _ gradient: inout [Float]) {
        var slopes = [Float](repeating: 0, count: space.classes)
        _ = losses(point, space.biases(at: point), &gradient, &slopes)
        spread(slopes, &gradient)
    }

    /// Calls `body` for every row of every source, in order, with its weight · p(1 − p) for each class at `point`, [1, classes].
    func curvatures(at point: [Float], _ body: (_ source: Int, _ row: Int, _ sizes: MatrixView) -> Void) {
        let biases = space.biases(at: point)
        var slopes = [Float](repeating: 0, count: space.classes)
        for (number, source) in sources.enumerated() where source.count > 0 {
            ConstantMatrix.with(source.features, columns: space.featureCount) { features in
                space.withWeights(point) { weights in
                    for rows in Self.blocks(source) {
                        workspace.scoped {
                            let (slope, _) = slopesByLogits(source, features, weights, biases, rows, &slopes)
                            for row in rows {
                                let sizes = slope.rows(row - rows.lowerBound..<row - rows.lowerBound + 1)
                                let weight = source.weights[row]
                                sizes[0, Int(source.labels[row])] += weight
                                sizes.update { share in max(0, share - share * share / weight) }
                                body(number, row, sizes)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The rows of `source` in blocks.
    private static func blocks(_ source: HeadRows) -> some Sequence<Range<Int>> {
        stride(from: 0, to: source.count, by: blockRows).lazy.map { $0..<min($0 + blockRows, source.count) }
    }

    /// The gradient by the logits of `rows`, weight · (softmax − one-hot), in the workspace, and the loss.
    private func slopesByLogits(
        _ source: HeadRows, _ features: ConstantMatrix, _ weights: ConstantMatrix, _ biases: [Float],
        _ rows: Range<Int>, _ slopes: inout [Float]
    ) -> (slopes: MatrixView, loss: Double) {
        let logits = workspace.matrix(rows: rows.count, columns: space.classes)
        LinearAlgebra.multiply(features.rows(rows), weights, transposeB: true, alpha: 1 / space.scale, into: logits)
        let loss = kernels.crossEntropy(
            logits, bias: biases, labels: source.labels, weights: source.weights, rows: rows, columnSums: &slopes)
        return (logits, loss)
    }

    /// The weighted cross-entropy; writes its gradient by the weights, and adds that by the biases proper to `slopes`.
    private func losses(
        _ point: [Float], _ biases: [Float], _ gradient: inout [Float], _ slopes: inout [Float]
    ) -> Double {
        MatrixView.with(&gradient, columns: space.width) { $0.fill(0) }
        var value = 0.0
        for source in sources where source.count > 0 {
            value += MatrixView.with(&gradient, columns: space.width) { gradient in
                ConstantMatrix.with(source.features, columns: space.featureCount) { features in
                    space.withWeights(point) { weights in
                        losses(source, features, weights, biases, gradient.columns(0..<space.featureCount), &slopes)
                    }
                }
            }
        }
        return value
    }

    private func losses(
        _ source: HeadRows, _ features: ConstantMatrix, _ weights: ConstantMatrix, _ biases: [Float],
        _ gradient: MatrixView, _ slopes: inout [Float]
    ) -> Double {
        var value = 0.0
        for rows in Self.blocks(source) {
            workspace.scoped {
                let (logits, loss) = slopesByLogits(source, features, weights, biases, rows, &slopes)
                value += loss
                LinearAlgebra.multiply(
                    logits.constant,
                    transposeA: true,
                    features.rows(rows),
                    alpha: 1 / space.scale,
                    beta: 1,
                    into: gradient
                )
            }
        }
        return value
    }

    /// Adds the penalty's gradient by the weights; returns their squared distance from the target.
    private func pull(_ point: [Float], _ gradient: inout [Float]) -> Double {
        let width = space.width
        var squares = 0.0
        point.withUnsafeBufferPointer { point in
            target.withUnsafeBufferPointer { target in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    for row in 0..<space.classes {
                        for index in row * width..<row * width + width - 1 {
                            let distance = point[index] - target[index]
                            gradient[index] += penalty * distance
                            squares += Double(distance) * Double(distance)
                        }
                    }
                }
            }
        }
        return squares
    }

    /// Takes the slopes by the biases proper to the parameters, of which they are bias − weights · centre.
    private func spread(_ slopes: [Float], _ gradient: inout [Float]) {
        let width = space.width
        space.center.withUnsafeBufferPointer { center in
            gradient.withUnsafeMutableBufferPointer { gradient in
                for row in 0..<space.classes {
                    let slope = slopes[row]
                    for index in 0..<width - 1 { gradient[row * width + index] -= slope * center[index] }
                    gradient[row * width + width - 1] = slope
                }
            }
        }
    }
}
