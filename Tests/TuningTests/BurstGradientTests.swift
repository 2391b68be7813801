import Tensors
import Testing
import Transformer
import Tuning

/// The derivative of the loss along a direction in one tensor, by central differences and from the gradient.
///
/// Along one element the fp32 rounding of the loss (near 1e-6) would drown the small gradients of queries and keys. So
/// each tensor is moved as a whole, by a step of length 0.01, along the gradient plus a random vector of the same
/// length: the former makes the derivative large, the latter sees errors that lie across the gradient. The formula of
/// fourth order makes the error of the differences themselves small beside that.
@Suite struct `The gradient of the loss agrees with central differences` {
    struct Check: Sendable, CustomStringConvertible {
        let setting: BurstFixture.Case
        let method: TuningMethod
        var embeddings = false
        var description: String {
            if case .lora = method { return "\(setting), lora" }
            return "\(setting), \(method)"
        }
    }

    static let methods: [Check] = [.head, .bias, .lora(BurstFixture.lowRankPlan), .topLayers(1), .full].map {
        Check(setting: BurstFixture.Case.all[1], method: $0)
    }
    static let layers = BurstFixture.Case.all.map { Check(setting: $0, method: .full, embeddings: true) }

    /// Twice in a row, since what is summed up must begin anew.
    @Test(arguments: [BurstFixture.Case.all[0]], [TuningMethod.lora(BurstFixture.lowRankPlan), .full])
    func `and a batch in parts has the gradients of the same batch as a whole`(
        setting: BurstFixture.Case, method: TuningMethod
    ) throws {
        let fixture = try BurstFixture()
        let objective = try fixture.objective(setting, method, embeddings: method == .full)
        var parts: [BatchSampler.Drawn] = []
        for (index, example) in fixture.examples.enumerated() {
            if index < 3 { parts.append(BatchSampler.Drawn()) }
            parts[parts.count - 1].batch.append(ids: example.ids, typeIDs: example.typeIDs)
            parts[parts.count - 1].labels.append(example.label)
            parts[parts.count - 1].weights.append(example.weight)
        }
        #expect(parts.count == 3 && parts[2].labels.count > 1 && Set(fixture.weights).count > 1)
        for _ in 0..<2 {
            let loss = fixture.evaluate(objective)
            let whole = objective.trained.map { ($0.name, $0.rows?.current, $0.gradient.values) }
            let inParts = objective.evaluate(parts)
            #expect(abs(inParts - loss) < 1e-5)
            for (tensor, (name, rows, gradient)) in zip(objective.trained, whole) {
                #expect(tensor.rows?.current == rows)
                let touched = rows.map {
                    $0.flatMap { Array($0 * tensor.gradient.columns..<($0 + 1) * tensor.gradient.columns) }
                }
                let places = touched ?? Array(gradient.indices)
                let values = tensor.gradient.values
                let distance = relativeDistance(places.map { values[$0] }, places.map { gradient[$0] })
                #expect(distance < 1e-4, "\(name): \(distance)")
            }
        }
    }

    @Test(arguments: methods + layers)
    func `for every trained tensor, by layer and by method`(check: Check) throws {
        let fixture = try BurstFixture()
        let objective = try fixture.objective(check.setting, check.method, embeddings: check.embeddings)
        _ = fixture.evaluate(objective)
        let gradients = objective.trained.map { $0.gradient.values.map { Double($0) } }
        var generator = SplitMix(seed: 5)
        var worst = Worst()
        // Maxima and relu have kinks, which spoil the differences of a step that crosses one: the best of three steps
        // counts, since a gradient that is wrong is so at every step.
        let steps = check.setting.activation == "relu" ? [1e-2, 1e-3, 3e-4] : [1e-2]
        for (tensor, gradient) in zip(objective.trained, gradients) {
            var direction = unit(gradient)
            let random = unit(gradient.map { _ in Double(generator.nextSigned()) })
            direction = unit(zip(direction, random).map { $0 + $1 })
            let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            let start = tensor.value.values
            func loss(_ distance: Double) -> Double {
                let width = tensor.value.columns
                for row in 0..<tensor.value.rows {
                    tensor.value.setRow(
                        row,
                        to: (row * width..<(row + 1) * width).map { start[$0] + Float(distance * direction[$0]) }
                    )
                }
                return fixture.evaluate(objective)
            }
            let errors = steps.map { step in
                let near = loss(step) - loss(-step)
                let far = loss(2 * step) - loss(-2 * step)
                return abs((8 * near - far) / (12 * step) - expected) / abs(expected)
            }
            _ = loss(0)
            worst.note(errors.min() ?? .infinity, tensor.name)
        }
        print("\(check): worst relative error against central differences \(worst)")
        #expect(worst.error <= 1e-2, "\(worst)")
    }

    private func unit(_ x: [Double]) -> [Double] {
        let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return x.map { $0 / length }
    }

    @Test func `cross-entropy and the contrastive loss are what their formulas say`() {
        let workspace = Workspace(capacity: 1 << 10)
        let logits = workspace.matrix(rows: 2, columns: 2)
        for (row, values) in [[1, 3], [0, 0]].enumerated() { logits.setRow(row, to: values.map { Float($0) }) }
        let loss = CrossEntropyLoss.evaluate(logits, labels: [1, 0], weights: [3, 1])
        // ln(1 + e^-2) and ln 2.
        #expect(abs(loss - (0.75 * 0.126928 + 0.25 * 0.693147)) <= 1e-5)

        let features = workspace.matrix(rows: 3, columns: 2)
        let gradient = workspace.matrix(rows: 3, columns: 2)
        for (row, values) in [[2, 0], [0, 3], [1, 0]].enumerated() {
            features.setRow(row, to: values.map { Float($0) })
        }
        gradient.fill(0)
        let contrastive = ContrastiveLoss(temperature: 1, sequences: 3, featureCount: 2)
        let value = contrastive.evaluate(
            features,
            labels: [0, 1, 0],
            weights: [1, 1, 1],
            scale: 1,
            addingTo: gradient,
            kernels: .best
        )
        // Both anchors see their partner at similarity 1 and the other at 0: ln(e + 1) - 1.
        #expect(abs(value - 0.313262) <= 1e-5)
        #expect(gradient.values.contains { $0 != 0 })
        gradient.fill(0)
        let alone = contrastive.evaluate(
            features,
            labels: [0, 1, 2],
            weights: [1, 1, 1],
            scale: 1,
            addingTo: gradient,
            kernels: .best
        )
        #expect(alone == 0 && gradient.values.allSatisfy { $0 == 0 })
    }
}
