import Foundation
import Tensors
import Transformer

extension HeadProblem {
    /// Tried from the strongest down.
    private static let penalties: [Float] = [10, 3, 1, 0.3, 0.1, 0.03, 0.01]
    private static let nameWeights: [Float] = [0.5, 0]

    /// What says most about examples that the fit has not seen; nil when interrupted.
    ///
    /// The log-loss at its best temperature decides (on the judges, where there are some), first over penalties with names as full examples, then over lighter
    /// names. Few examples say little: what lies far from the defaults must be better by more.
    func choose(
        _ rows: HeadRows, _ nameRows: HeadRows, _ current: HeadSettings, _ isInterrupted: () -> Bool
    ) throws(TuningError) -> HeadSettings? {
        var fallback = HeadSettings(classes: labels.count, spread: spread(rows, nameRows))
        fallback.chosenAt = examples.count
        if namesMislead(rows) { fallback.nameWeight = 0 }
        var validation = CrossValidation(
            self, rows, nameRows, space(rows, nameRows, fallback), asking: { judges?.contains($0) ?? true })
        guard validation.labels.count >= HeadSettings.fewest else {
            if judges == nil { return fallback }
            // What was chosen on features that were not trained on the examples says more than the defaults.
            var kept = current
            kept.chosenAt = examples.count
            return kept
        }
        var best: (cost: Double, settings: HeadSettings)?
        var worse = 0
        for penalty in Self.penalties where worse < 2 {
            var settings = fallback
            settings.penalty = penalty
            guard let (cost, tempered) = cost(of: settings, &validation, isInterrupted) else { return nil }
            if best.map({ cost < $0.cost }) ?? true {
                best = (cost, tempered)
                worse = 0
            } else {
                worse += 1
            }
        }
        guard let chosen = best?.settings, nameRows.count > 0 else { return best?.settings ?? fallback }
        for weight in Self.nameWeights {
            var settings = chosen
            settings.nameWeight = weight
            guard let (cost, tempered) = cost(of: settings, &validation, isInterrupted) else { return nil }
            if best.map({ cost < $0.cost }) ?? true { best = (cost, tempered) }
        }
        return best?.settings
    }

    /// Whether answering by the nearest name is worse than knowing nothing, as with names such as "L3".
    ///
    /// The examples can tell, however few there are, since names alone have seen none of them.
    private func namesMislead(_ rows: HeadRows) -> Bool {
        let width = examples.featureCount
        let head = nearestName(HeadSettings(spread: 1)).head
        let named = Set(names.keys.compactMap { head.labels.firstIndex(of: $0) }.map { Int32($0) })
        let asked = rows.labels.indices.filter { named.contains(rows.labels[$0]) }.prefix(1000)
        if named.count < 2 || asked.isEmpty { return false }
        let loss = asked.reduce(0.0) { sum, row in
            var features = Array(rows.features[row * width..<(row + 1) * width])
            let length = VectorKernels.best.dot(features, features).squareRoot()
            if length > 0 { VectorKernels.best.scale(&features, by: Float(1 / length)) }
            let score = head.probabilities(features.span)[Int(rows.labels[row])]
            return sum - Double(log(max(score, 1e-30)))
        }
        return loss > Double(asked.count) * log(Double(labels.count)) + 3
    }

    /// The log-loss of `settings` at their best temperature, with what they lie off the defaults; nil when interrupted.
    private func cost(
        of settings: HeadSettings, _ validation: inout CrossValidation, _ isInterrupted: () -> Bool
    ) -> (cost: Double, settings: HeadSettings)? {
        guard let logits = validation.logits(settings, isInterrupted) else { return nil }
        let (temperature, loss) = Calibration.temperature(
            logits,
            classes: validation.classes,
            validation.labels,
            weights: validation.weights,
            usual: Calibration.usualTemperature(classes: validation.classes)
        )
        let decades = Double(log10(settings.penalty / HeadSettings().penalty))
        let lightness = Double(1 - settings.nameWeight)
        var tempered = settings
        tempered.temperature = temperature
        return (loss + decades * decades + 2 * lightness * lightness, tempered)
    }
}
