import Transformer
import Tuning

/// How a burst of each method goes about it: what was found to work without looking at any test set.
enum BurstRecipe {
    /// The plan for a burst over so many new and earlier corrections.
    ///
    /// A pure function of its arguments, so that a rebuild comes out the same wherever it is made.
    /// - Parameters:
    ///   - caution: what the learning rate of the body is multiplied by after a burst was rejected; at most 1.
    ///   - stepLimit: steps that there is time for; nil for no limit but the recipe's own.
    static func plan(
        _ method: TuningMethod, new: Int, replay: Int, caution: Float = 1, stepLimit: Int? = nil
    ) -> BurstPlan {
        let mixed = min(new, replay) + new
        let steps = max(minimumSteps, (passes * mixed + batchSize - 1) / batchSize)
        var plan = BurstPlan(method: method, steps: min(steps, mostSteps, max(stepLimit ?? .max, minimumSteps)))
        plan.batchSize = batchSize
        plan.learningRate = learningRate(method) * caution
        plan.headLearningRate = 1e-3
        plan.contrastiveShare = 0.3
        plan.contrastiveTemperature = 0.07
        plan.featureScale = 20
        plan.schedule = LearningRateSchedule(shape: .linear, warmUp: plan.steps / 10)
        return plan
    }

    /// Examples in a batch.
    static let batchSize = 32
    private static let minimumSteps = 8
    private static let mostSteps = 2000
    /// How often a burst goes over the new corrections.
    private static let passes = 6

    private static func learningRate(_ method: TuningMethod) -> Float {
        switch method {
        case .head: 0
        case .bias: 2e-3
        case .lora: 1e-3
        case .topLayers, .full: 1e-4
        }
    }
}
