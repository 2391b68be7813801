import Transformer
import Tuning

/// How a burst of each method goes about it: what was found to work without looking at any test set.
enum BurstRecipe {
    /// The plan for a burst over so many new and earlier corrections and names of labels.
    ///
    /// A pure function of its arguments, so that a rebuild comes out the same wherever it is made.
    /// - Parameters:
    ///   - caution: what the learning rate of the body is multiplied by after a burst was rejected; at most 1.
    ///   - stepLimit: steps that there is time for; nil for no limit but the recipe's own.
    static func plan(
        _ method: TuningMethod, new: Int, replay: Int, names: Int, caution: Float = 1, stepLimit: Int? = nil
    ) -> BurstPlan {
        let mixed = min(new, replay) + new + names
        let steps = max(minimumSteps, (passes * mixed + batchSize - 1) / batchSize)
        var plan = BurstPlan(method: method, steps: min(steps, mostSteps, max(stepLimit ?? .max, minimumSteps)))
        plan.batchSize = batchSize
        plan.batchTokens = 1024
        plan.learningRate = learningRate(method) * caution
        plan.headLearningRate = 1e-3
        plan.featureScale = 20
        plan.schedule = LearningRateSchedule(shape: .linear, warmUp: plan.steps / 10)
        return plan
    }

    /// A fitted head as a burst begins with it.
    ///
    /// A head that has been fitted to the corrections answers nearly all of them rightly and surely, so that the body
    /// would have nothing to learn from. Softened it leaves something to be better at; of all settings this matters most.
    static func softened(_ head: ClassificationHead) -> ClassificationHead {
        let factor = softness / head.temperature
        return ClassificationHead(
            labels: head.labels, featureCount: head.featureCount, weight: head.weight.map { $0 * factor },
            bias: head.bias.map { $0 * factor })
    }

    /// Examples in a batch.
    static let batchSize = 32
    private static let minimumSteps = 8
    private static let mostSteps = 2000
    /// How often a burst goes over the new corrections.
    private static let passes = 4
    private static let softness: Float = 0.3

    private static func learningRate(_ method: TuningMethod) -> Float {
        switch method {
        case .head: 0
        case .bias: 4e-3
        case .lora: 2e-3
        case .topLayers, .full: 2e-4
        }
    }
}
