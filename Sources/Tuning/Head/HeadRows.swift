/// Rows of features with the index of their class and their weight.
package struct HeadRows {
    /// [rows, featureCount].
    package var features: [Float] = []
    /// [rows].
    package var labels: [Int32] = []
    /// [rows].
    package var weights: [Float] = []

    package init(features: [Float] = [], labels: [Int32] = [], weights: [Float] = []) {
        self.features = features
        self.labels = labels
        self.weights = weights
    }

    var count: Int { labels.count }

    /// Sum of the weights, in order.
    var totalWeight: Double { weights.reduce(0) { $0 + Double($1) } }

    /// A copy of the rows `indices`, their weights times `factor`.
    func gathered(_ indices: [Int], featureCount: Int, factor: Float = 1) -> HeadRows {
        var rows = HeadRows(labels: indices.map { labels[$0] }, weights: indices.map { weights[$0] * factor })
        rows.features.reserveCapacity(indices.count * featureCount)
        for index in indices { rows.features += features[index * featureCount..<(index + 1) * featureCount] }
        return rows
    }

    /// `self` and then `other`.
    func followed(by other: HeadRows) -> HeadRows {
        HeadRows(
            features: features + other.features,
            labels: labels + other.labels,
            weights: weights + other.weights
        )
    }
}
