import Foundation

/// Answers on examples by heads that have not seen them, on one body's features.
package struct CrossFit: Sendable {
    /// One example's answer.
    package struct Answer: Sendable, Equatable {
        package let key: ExampleKey
        package let label: String
        package let predicted: String
        /// −log of the probability of the right label, as far as it was mixed with even odds.
        package let logLoss: Double

        package init(key: ExampleKey, label: String, predicted: String, logLoss: Double) {
            self.key = key
            self.label = label
            self.predicted = predicted
            self.logLoss = logLoss
        }

        package var isRight: Bool { predicted == label }
    }

    /// In the order of the keys.
    package let answers: [Answer]
    /// What suits all answers together; nil where there are none.
    package let temperature: Float?

    package init(answers: [Answer], temperature: Float? = nil) {
        self.answers = answers
        self.temperature = temperature
    }

    /// The answers on those examples of `problem` whose keys `isAsked` picks; nil when interrupted.
    ///
    /// Each is answered by a head fitted on all examples but a fold that it belongs to, at the temperature that suits all
    /// of these answers together.
    /// - Parameter smoothing: the share of even odds that is mixed into every answer.
    /// - Throws: `TuningError` if an example's label is not among the problem's.
    package static func answers(
        of problem: HeadProblem, settings: HeadSettings, smoothing: Double = 0,
        asking isAsked: (ExampleKey) -> Bool, isInterrupted: () -> Bool = { false }
    ) throws(TuningError) -> CrossFit? {
        let rows = try problem.rows()
        let nameRows = problem.nameRows()
        let space = problem.space(rows, nameRows, settings)
        var validation = CrossValidation(problem, rows, nameRows, space, asking: isAsked)
        guard !validation.labels.isEmpty else { return CrossFit(answers: []) }
        guard let logits = validation.logits(settings, isInterrupted) else { return nil }
        let classes = validation.classes
        let temperature = Calibration.temperature(
            logits,
            classes: classes,
            validation.labels,
            weights: validation.weights,
            usual: Calibration.usualTemperature(classes: classes)
        ).temperature
        let answers = validation.askedRows.indices.map { index in
            let own = Array(logits[index * classes..<(index + 1) * classes])
            let label = Int(validation.labels[index])
            let best = own.indices.reduce(0) { own[$1] > own[$0] ? $1 : $0 }
            let loss = Calibration.loss(
                own,
                classes: classes,
                [Int32(label)],
                weights: [1],
                inverse: 1 / Double(temperature)
            )
            return Answer(
                key: problem.examples.keys[validation.askedRows[index]],
                label: problem.labels[label],
                predicted: problem.labels[best],
                logLoss: -log((1 - smoothing) * exp(-loss) + smoothing / Double(classes))
            )
        }
        return CrossFit(answers: answers.sorted { $0.key < $1.key }, temperature: temperature)
    }

    package var side: GuardReport.Side {
        let count = Double(max(answers.count, 1))
        return GuardReport.Side(
            accuracy: Double(answers.count { $0.isRight }) / count,
            logLoss: answers.reduce(0) { $0 + $1.logLoss } / count
        )
    }
}
