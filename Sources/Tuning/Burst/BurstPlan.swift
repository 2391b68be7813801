package import Transformer

/// What a burst does: its method and its hyper-parameters.
package struct BurstPlan: Sendable, Equatable, Codable {
    package var method: TuningMethod
    package var learningRate: Float = 1e-4
    /// The head's own; 0 leaves the head as it is.
    package var headLearningRate: Float = 1e-3
    package var schedule = LearningRateSchedule(warmUp: 5)
    package var optimizer = AdamWSettings()
    /// Most steps.
    package var steps: Int
    /// Most examples in a batch.
    package var batchSize = 32
    /// Most tokens that are computed at a time; a batch of more is computed in parts.
    package var batchTokens = 1024
    /// The share of the contrastive term in the loss, from 0 to 1; cross-entropy has the rest.
    package var contrastiveShare: Float = 0
    package var contrastiveTemperature: Float = 0.05
    /// What training multiplies features by before the head; see `TrainableHead`.
    package var featureScale: Float = 1
    package var trainsEmbeddings = false
    /// Steps between two looks at whether all corrections are fixed; 0 for none.
    package var checkInterval = 0
    /// How likely each token of a text is to be left out when the text is drawn; nil for never.
    ///
    /// Where there are a few texts of each label, words that they share by chance are not to be what counts.
    package var tokenDropout: Float?
    /// How far the right label's logit must be above all others for a correction to count as fixed.
    package var margin: Float = 0.5

    package init(method: TuningMethod, steps: Int) {
        self.method = method
        self.steps = steps
    }

    /// What is wrong with the values, or nil.
    var fault: String? {
        let rates = [learningRate, headLearningRate, optimizer.decay, optimizer.pull, optimizer.epsilon]
        if rates.contains(where: { !$0.isFinite || $0 < 0 }) {
            return "learning rates, decay, pull and epsilon must be finite and not negative"
        }
        if steps < 1 || batchSize < 1 || batchTokens < 1 || checkInterval < 0 {
            return "steps, batch size and batch tokens must be positive"
        }
        if batchSize > 1 << 12 || batchTokens > 1 << 17 { return "batches of \(batchTokens) tokens are too large" }
        if !(0...1).contains(contrastiveShare) { return "the contrastive share must be from 0 to 1" }
        if !(contrastiveTemperature.isFinite && contrastiveTemperature > 0) {
            return "the temperature must be positive"
        }
        if !(featureScale.isFinite && featureScale > 0) { return "the feature scale must be positive" }
        if let tokenDropout, !(0..<1).contains(tokenDropout) { return "the token dropout must be from 0 to below 1" }
        if !(optimizer.clip > 0) { return "the clipping norm must be positive" }
        for beta in [optimizer.beta1, optimizer.beta2] where !(beta >= 0 && beta < 1) {
            return "AdamW's betas must be from 0 to below 1"
        }
        if !(optimizer.layerDecay > 0 && optimizer.layerDecay <= 1) { return "the layer decay must be in 0 … 1" }
        return nil
    }
}

/// A text with its right label, as a burst trains on it.
package struct BurstExample: Sendable, Equatable {
    package let ids: [Int32]
    package let typeIDs: [Int32]
    /// The index of the label in the head.
    package let label: Int32
    /// How much it counts beside others; positive.
    package let weight: Float

    package init(ids: [Int32], typeIDs: [Int32], label: Int32, weight: Float = 1) {
        self.ids = ids
        self.typeIDs = typeIDs
        self.label = label
        self.weight = weight
    }
}
