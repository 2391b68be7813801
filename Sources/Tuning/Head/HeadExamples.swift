/// A digest of an example's content, which orders examples regardless of when they came.
package struct ExampleKey: Hashable, Comparable, Sendable {
    /// Most significant first.
    package let words: (UInt64, UInt64, UInt64, UInt64)

    package init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) { words = (a, b, c, d) }

    package static func < (left: ExampleKey, right: ExampleKey) -> Bool { left.words < right.words }
    package static func == (left: ExampleKey, right: ExampleKey) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// Labelled features in content order, laid out so that products run on them in place.
package struct HeadExamples: Sendable {
    /// One example as it comes in.
    package struct Example: Sendable {
        package let key: ExampleKey
        package let features: [Float]
        package let label: String
        package let weight: Float

        package init(key: ExampleKey, features: [Float], label: String, weight: Float = 1) {
            self.key = key
            self.features = features
            self.label = label
            self.weight = weight
        }
    }

    package let featureCount: Int
    /// Ascending.
    private(set) var keys: [ExampleKey] = []
    /// [examples, featureCount], row-major.
    private(set) var features: [Float] = []
    /// Indices into `labelNames`.
    private(set) var labels: [Int32] = []
    private(set) var weights: [Float] = []
    /// Labels that examples have or once had.
    private(set) var labelNames: [String] = []
    private var labelIndices: [String: Int32] = [:]

    /// No examples yet, of `featureCount` features each.
    package init(featureCount: Int) {
        precondition(featureCount > 0, "examples have features")
        self.featureCount = featureCount
    }

    package var count: Int { keys.count }

    /// Adds examples; where a key is there already, one more with it.
    ///
    /// Keys are digests of all that makes an example up, so equal keys mean equal features, label and weight.
    /// - Throws: `TuningError`, with nothing added, for features of another length or values that are not finite.
    package mutating func insert(_ examples: [Example]) throws(TuningError) {
        for example in examples {
            guard example.features.count == featureCount else {
                throw TuningError("an example has \(example.features.count) features, expected \(featureCount)")
            }
            guard example.features.allSatisfy(\.isFinite) else {
                throw TuningError("an example of '\(example.label)' has features that are not finite")
            }
            guard example.weight.isFinite, example.weight > 0, example.weight <= Self.largestWeight else {
                throw TuningError(
                    "an example of '\(example.label)' weighs \(example.weight); expected more than 0, at most 1e6")
            }
        }
        merge(examples.sorted { ($0.key, $0.label, $0.weight) < ($1.key, $1.label, $1.weight) })
    }

    private static let largestWeight: Float = 1e6

    /// Takes out one example for each of these keys, where there is one.
    package mutating func remove(_ removed: [ExampleKey]) {
        var rows: [Int] = []
        for key in removed.sorted() {
            let row = max(firstRow(notBelow: key), (rows.last ?? -1) + 1)
            if row < count, keys[row] == key { rows.append(row) }
        }
        guard let first = rows.first else { return }
        var target = first
        var next = 0
        for row in first..<count {
            if next < rows.count, rows[next] == row {
                next += 1
                continue
            }
            keys[target] = keys[row]
            labels[target] = labels[row]
            weights[target] = weights[row]
            move(row: row, to: target)
            target += 1
        }
        keys.removeLast(rows.count)
        labels.removeLast(rows.count)
        weights.removeLast(rows.count)
        features.removeLast(rows.count * featureCount)
    }

    /// Those examples whose keys are in `wanted`, with what they are ordered and called by unchanged.
    package func restricted(to wanted: Set<ExampleKey>) -> HeadExamples {
        var part = HeadExamples(featureCount: featureCount)
        part.labelNames = labelNames
        part.labelIndices = labelIndices
        for row in keys.indices where wanted.contains(keys[row]) {
            part.keys.append(keys[row])
            part.labels.append(labels[row])
            part.weights.append(weights[row])
            part.features += features[row * featureCount..<(row + 1) * featureCount]
        }
        return part
    }

    private func firstRow(notBelow key: ExampleKey) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Merges ascending `sorted` from the end backwards, so that every row moves once.
    private mutating func merge(_ sorted: [Example]) {
        guard let blank = sorted.first else { return }
        var source = count - 1
        var target = count + sorted.count - 1
        keys += Array(repeating: blank.key, count: sorted.count)
        labels += Array(repeating: 0, count: sorted.count)
        weights += Array(repeating: 0, count: sorted.count)
        features += Array(repeating: 0, count: sorted.count * featureCount)
        for example in sorted.reversed() {
            while source >= 0, keys[source] > example.key {
                keys[target] = keys[source]
                labels[target] = labels[source]
                weights[target] = weights[source]
                move(row: source, to: target)
                source -= 1
                target -= 1
            }
            keys[target] = example.key
            labels[target] = labelIndex(example.label)
            weights[target] = example.weight
            features.replaceSubrange(target * featureCount..<(target + 1) * featureCount, with: example.features)
            target -= 1
        }
    }

    private mutating func move(row: Int, to target: Int) {
        let width = featureCount
        features.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + target * width).update(from: base + row * width, count: width)
        }
    }

    private mutating func labelIndex(_ label: String) -> Int32 {
        if let index = labelIndices[label] { return index }
        let index = Int32(labelNames.count)
        labelNames.append(label)
        labelIndices[label] = index
        return index
    }
}
