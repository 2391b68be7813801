package import Tuning

/// How a burst makes its steps, as far as the configuration has a say; by default as the recipe was found to work.
package struct TrainingOptions: Sendable, Equatable {
    /// How the learning rate comes down after the warm-up.
    package var shape = LearningRateSchedule.Shape.linear
    /// The pull towards the base model's weights; see `AdamWSettings.pull`.
    package var pull: Float = 0
    /// See `AdamWSettings.layerDecay`.
    package var layerDecay: Float = 1
    /// Whether embeddings are trained, by methods that can.
    package var trainsEmbeddings = false
    /// Steps between two looks at whether all corrections are fixed, to end with that; 0 for none.
    package var checkInterval = 0

    package init() {}

    /// Writes them into `plan`, which has its steps.
    func apply(to plan: inout BurstPlan) {
        plan.schedule.shape = shape
        plan.optimizer.pull = pull
        plan.optimizer.layerDecay = layerDecay
        plan.trainsEmbeddings = trainsEmbeddings
        plan.checkInterval = checkInterval
    }
}
