import Tensors
import Transformer

extension HeadProblem {
    /// Logits by nearest name are cosines times this: about as sharp as sentence encoders were trained to be.
    private static let nameSharpness: Double = 20
    /// Rows that say enough about where the features lie.
    private static let surveyed = 1000

    /// The examples with their labels as indices into `labels`.
    func rows() throws(TuningError) -> HeadRows {
        let indices = Dictionary(labels.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        let map = examples.labelNames.map { indices[$0] ?? -1 }
        let labels = examples.labels.map { map[Int($0)] }
        if let row = labels.firstIndex(of: -1) {
            throw TuningError("no class for the label '\(examples.labelNames[Int(examples.labels[row])])'")
        }
        return HeadRows(features: examples.features, labels: labels, weights: examples.weights)
    }

    /// The names of labels as examples of weight 1, in the order of the labels.
    func nameRows() -> HeadRows {
        var rows = HeadRows()
        for (index, label) in labels.enumerated() {
            guard let features = names[label] else { continue }
            rows.features += features
            rows.labels.append(Int32(index))
            rows.weights.append(1)
        }
        return rows
    }

    /// `nameRows` with the weight that the settings give to names.
    func weighted(_ nameRows: HeadRows, _ settings: HeadSettings) -> HeadRows {
        if settings.nameWeight == 0 { return HeadRows() }
        var rows = nameRows
        rows.weights = rows.weights.map { $0 * settings.nameWeight }
        return rows
    }

    /// The space to fit in: features at their mean, scaled as the settings say.
    func space(_ rows: HeadRows, _ nameRows: HeadRows, _ settings: HeadSettings) -> HeadSpace {
        let scale = settings.spread.squareRoot()
        return HeadSpace(
            labels: labels,
            featureCount: examples.featureCount,
            scale: scale,
            center: mean(rows, nameRows).map { Float($0 / Double(scale)) }
        )
    }

    /// Whether there are enough of `rows` that making a preconditioner costs less than it saves.
    func isPreconditioningWorthwhile(_ rows: HeadRows, _ space: HeadSpace) -> Bool {
        rows.count * space.classes >= 32 * space.featureCount
    }

    /// What speeds up a fit of `rows` from anywhere; nil where it is not worthwhile.
    func preconditioner(
        _ rows: HeadRows, _ nameRows: HeadRows, _ settings: HeadSettings, _ space: HeadSpace
    ) -> HeadPreconditioner? {
        guard isPreconditioningWorthwhile(rows, space) else { return nil }
        return HeadPreconditioner(
            covariance: HeadPreconditioner.covariance([rows, nameRows], space: space, limit: Self.surveyed),
            space: space,
            penalty: settings.penalty,
            totalWeight: rows.totalWeight
        )
    }

    /// What speeds up a fit that begins near its end; nil where it is not worthwhile, or few examples are not what counts.
    ///
    /// With a few examples of each of many labels it halves the iterations, with many of two it multiplies them.
    func preconditioner(
        _ objective: HeadObjective, _ rows: HeadRows, at point: [Float]
    ) -> ExamplePreconditioner? {
        guard isPreconditioningWorthwhile(rows, objective.space) else { return nil }
        let found = ExamplePreconditioner(objective, at: point)
        return found.share >= 0.2 ? found : nil
    }

    /// The mean of the features of the first examples, which are as good as drawn at random, and of the first names.
    private func mean(_ rows: HeadRows, _ nameRows: HeadRows) -> [Double] {
        let width = examples.featureCount
        var mean = [Double](repeating: 0, count: width)
        let sources = [rows, nameRows]
        for source in sources {
            mean.withUnsafeMutableBufferPointer { mean in
                source.features.withUnsafeBufferPointer { features in
                    for row in 0..<min(source.count, Self.surveyed) {
                        for index in 0..<width { mean[index] += Double(features[row * width + index]) }
                    }
                }
            }
        }
        let count = sources.reduce(0) { $0 + min($1.count, Self.surveyed) }
        return count == 0 ? mean : mean.map { $0 / Double(count) }
    }

    /// Mean squared distance of the features from their mean; of one alone its squared length; 1 if that is 0 too.
    func spread(_ rows: HeadRows, _ nameRows: HeadRows) -> Float {
        let width = examples.featureCount
        let mean = mean(rows, nameRows)
        var distances = 0.0
        var lengths = 0.0
        var count = 0
        for source in [rows, nameRows] {
            for row in 0..<min(source.count, Self.surveyed) {
                count += 1
                for index in 0..<width {
                    let value = Double(source.features[row * width + index])
                    lengths += value * value
                    distances += (value - mean[index]) * (value - mean[index])
                }
            }
        }
        let isTrusted = count > 1 && distances > 1e-6 * lengths
        let spread = isTrusted ? distances / Double(count - 1) : lengths / Double(max(count, 1))
        return spread > 1e-12 && spread < 1e12 ? Float(spread) : 1
    }

    /// The head that answers with the nearest name: what there is before the first correction.
    func nearestName(_ settings: HeadSettings) -> HeadFit {
        var weight = [Float](repeating: 0, count: labels.count * examples.featureCount)
        for (row, label) in labels.enumerated() {
            guard let features = names[label] else { continue }
            let length = VectorKernels.best.dot(features, features).squareRoot()
            let scale = Float(Self.nameSharpness / (length * Double(settings.spread).squareRoot()))
            let start = row * examples.featureCount
            weight.replaceSubrange(start..<start + examples.featureCount, with: features.map { $0 * scale })
        }
        let head = ClassificationHead(
            labels: labels,
            featureCount: examples.featureCount,
            weight: weight,
            bias: [Float](repeating: 0, count: labels.count)
        )
        return HeadFit(head: head, settings: settings, iterations: 0, gradientLength: 0, isThorough: true)
    }
}
