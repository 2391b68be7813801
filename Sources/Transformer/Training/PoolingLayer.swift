import Tensors

/// Pooling and normalisation of hidden states, in training.
final class PoolingLayer {
    private let plan: PoolingPlan
    private let pooler: LinearLayer?
    /// The first token of each sequence, and the pooler's output before tanh; [sequences, hiddenSize] as what follows.
    private let first: MatrixView
    private let inner: MatrixView
    private let pooled: MatrixView
    private let features: MatrixView
    private let gradient: MatrixView
    /// For `max`: the row that each feature of each sequence came from.
    private var sources: [Int32] = []

    static func footprint(_ configuration: ModelConfiguration, sequences: Int) -> Int {
        5 * Workspace.footprint(rows: sequences, columns: configuration.hiddenSize)
    }

    init(
        _ plan: PoolingPlan,
        pooler: LinearLayer?,
        configuration: ModelConfiguration,
        sequences: Int,
        in workspace: Workspace
    ) {
        func matrix() -> MatrixView { workspace.matrix(rows: sequences, columns: configuration.hiddenSize) }
        self.plan = plan
        self.pooler = pooler
        (first, inner, pooled, features, gradient) = (matrix(), matrix(), matrix(), matrix(), matrix())
        if plan.pooling == .max {
            sources = [Int32](repeating: 0, count: sequences * configuration.hiddenSize)
        }
    }

    /// The features of the sequences of `hidden`, [sequences, hiddenSize].
    func forward(_ hidden: MatrixView, starts: [Int], kernels: VectorKernels) -> MatrixView {
        let all = 0..<starts.count - 1
        let pooled = pooled.rows(all)
        for (index, (start, end)) in zip(starts, starts.dropFirst()).enumerated() {
            let row = pooled.rows(index..<index + 1)
            switch plan.pooling {
            case .mean: kernels.mean(rowsOf: hidden.rows(start..<end), into: row)
            case .cls: row.copy(hidden.rows(start..<start + 1).constant)
            case .max: largest(of: hidden, from: start, to: end, sequence: index)
            case .pooler: first.rows(index..<index + 1).copy(hidden.rows(start..<start + 1).constant)
            }
        }
        if let pooler {
            pooler.forward(first.rows(all), into: inner.rows(all))
            kernels.activate(inner.rows(all), adding: pooler.bias, activation: .tanh, into: pooled)
        }
        guard plan.normalizes else { return pooled }
        features.rows(all).copy(pooled.constant)
        kernels.normalize(rowsOf: features.rows(all))
        return features.rows(all)
    }

    /// Writes the pooler's gradients, and into `hiddenGradient` that of the hidden states, where it is wanted.
    func backward(
        _ featureGradient: MatrixView,
        hidden: MatrixView,
        starts: [Int],
        into hiddenGradient: MatrixView?,
        kernels: VectorKernels
    ) {
        let all = 0..<starts.count - 1
        if plan.normalizes {
            for row in all {
                FeatureNormalization.backward(featureGradient, row: row, input: pooled, output: features)
            }
        }
        var source = featureGradient
        if let pooler {
            kernels.activateBackward(inner.rows(all), activation: .tanh, gradient: featureGradient)
            source = gradient.rows(all)
            pooler.backward(
                featureGradient,
                x: first.rows(all),
                into: hiddenGradient == nil ? nil : source,
                adding: false,
                kernels: kernels
            )
        }
        guard let hiddenGradient else { return }
        for (index, (start, end)) in zip(starts, starts.dropFirst()).enumerated() {
            let target = hiddenGradient.rows(start..<end)
            let row = source.rows(index..<index + 1)
            switch plan.pooling {
            case .mean: kernels.fill(target, with: row, scale: 1 / Float(end - start))
            case .cls, .pooler:
                target.fill(0)
                target.rows(0..<1).copy(row.constant)
            case .max:
                target.fill(0)
                for column in 0..<row.columns {
                    target[Int(sources[index * row.columns + column]), column] = row[0, column]
                }
            }
        }
    }

    /// The largest value of each column, and where it is; of equal ones the first, as in PyTorch.
    private func largest(of hidden: MatrixView, from start: Int, to end: Int, sequence: Int) {
        for column in 0..<hidden.columns {
            var best = start
            for row in start + 1..<max(end, start + 1) where hidden[row, column] > hidden[best, column] { best = row }
            pooled[sequence, column] = hidden[best, column]
            sources[sequence * hidden.columns + column] = Int32(best - start)
        }
    }
}

/// The division of a vector by its Euclidean length.
enum FeatureNormalization {
    /// Replaces row `row` of `gradient`, of `output` = input / |input|, by that of `input`.
    static func backward(_ gradient: MatrixView, row: Int, input: MatrixView, output: MatrixView) {
        var squares = 0.0
        var along = 0.0
        for column in 0..<gradient.columns {
            squares += Double(input[row, column]) * Double(input[row, column])
            along += Double(gradient[row, column]) * Double(output[row, column])
        }
        let length = max(squares.squareRoot(), 1e-12)
        for column in 0..<gradient.columns {
            gradient[row, column] = Float(
                (Double(gradient[row, column]) - along * Double(output[row, column])) / length
            )
        }
    }
}
