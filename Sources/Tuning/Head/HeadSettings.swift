/// What a fit is told besides its examples; chosen by cross-validation on them, and kept with the head.
package struct HeadSettings: Codable, Equatable, Sendable {
    /// Strength of the pull on the weights, for features scaled to a mean squared distance of 1.
    package var penalty: Float = 0.1
    /// What a label's name weighs as an example of its class.
    package var nameWeight: Float = 1
    /// Divides the logits.
    package var temperature: Float
    /// Mean squared distance of the features from their mean.
    package var spread: Float
    /// How many examples there were when these were chosen; 0 for the defaults.
    package var chosenAt = 0

    /// The defaults, for so many classes and features of this spread.
    package init(classes: Int = 1, spread: Float = 1) {
        temperature = Calibration.usualTemperature(classes: classes)
        self.spread = spread
    }

    /// Examples from which on cross-validation says more than the defaults.
    static let fewest = 48

    /// Whether the number of examples has grown by so much that the settings should be chosen anew.
    package func isDue(examples: Int) -> Bool {
        examples >= Self.fewest && Double(examples) >= 1.3 * Double(chosenAt)
    }

    /// Throws if the values, which may come from a file, cannot be computed with.
    func check() throws(TuningError) {
        let rules: [(String, Float, Float)] = [
            ("penalty", penalty, 1e-6), ("temperature", temperature, 1e-6), ("spread", spread, 1e-12),
            ("nameWeight", nameWeight, 0),
        ]
        for (name, value, least) in rules {
            guard value.isFinite, value >= least else { throw TuningError("the setting '\(name)' is \(value)") }
        }
    }
}
