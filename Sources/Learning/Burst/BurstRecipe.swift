package import Transformer
package import Tuning

/// How a burst goes about it: what was found to work on training texts of banking77, of movie reviews, and of the sections
/// that a Linux distribution sorts its packages into.
///
/// Many labels and few want different things. With many, most corrections have none of their label in a batch, and what
/// helps is to pull together what belongs together, gently, and to go over the few texts of each label often, without
/// all of their words. With few, the body has something new to learn of each, and the mean of several that learn it in
/// large steps is better than any of them.
package struct BurstRecipe: Codable, Sendable, Equatable {
    package let plan: BurstPlan
    /// What the first head's logits are multiplied by; see `softened`.
    let softness: Float
    /// How many low-rank additions are trained, with different seeds, to take the mean of.
    package let members: Int
    /// Whether the labels' names are examples of them.
    let learnsNames: Bool
    /// What the served head's penalty is multiplied by: features that were tuned tell classes apart more sharply than
    /// they will on texts that are to come.
    let penaltyFactor: Float
    /// Whether how sure the new body's answers may be is measured on the held-back corrections, or stays as it was.
    let measuresTemperature: Bool

    /// The recipe for so many new and earlier corrections of so many labels.
    ///
    /// A pure function of its arguments, so that a rebuild comes out the same wherever it is made.
    /// - Parameters:
    ///   - isContinued: whether it goes on from an adapter.
    ///   - caution: what the learning rate of the body is multiplied by after a burst was rejected; at most 1.
    ///   - training: what the configuration says of the steps.
    ///   - stepLimit: steps that a thread has time for; nil for no limit but the recipe's own.
    ///   - threads: how many of them train at a time.
    package init(
        _ method: TuningMethod, new: Int, replay: Int, labels: Int, members: Int, isContinued: Bool = false,
        caution: Float = 1, training: TrainingOptions = TrainingOptions(), stepLimit: Int? = nil, threads: Int = 1
    ) {
        let hasManyLabels = Self.areMany(labels)
        let mixed = min(new, replay) + new + (hasManyLabels ? labels : 0)
        let passes = hasManyLabels ? 8 : 4
        let steps = min(
            max(Self.minimumSteps, (passes * mixed + Self.batchSize - 1) / Self.batchSize), Self.mostSteps)
        let mostInAll = Self.mostSteps * members
        let mostInTime = min(stepLimit ?? .max, mostInAll)
        if case .lora = method, !isContinued {
            let wanted = Self.members(members, labels: labels)
            // Going over everything as often as it takes comes first, before the mean of more.
            self.members = min(wanted, max(min(mostInTime / steps * threads, mostInAll / steps), Self.fewestMembers))
        } else {
            self.members = 1
        }
        let turns = (self.members + threads - 1) / threads
        let mostOfEach = min(mostInTime / turns, mostInAll / self.members)
        var plan = BurstPlan(method: method, steps: min(steps, max(mostOfEach, Self.minimumSteps)))
        plan.batchSize = Self.batchSize
        plan.batchTokens = 1024
        plan.learningRate = Self.learningRate(method) * (hasManyLabels ? 1 : self.members > 1 ? 2.8 : 2) * caution
        plan.headLearningRate = 1e-3
        plan.featureScale = 20
        plan.schedule = LearningRateSchedule(warmUp: plan.steps / 10)
        training.apply(to: &plan)
        if hasManyLabels {
            plan.contrastiveShare = 0.2
            plan.contrastiveTemperature = 0.1
            plan.tokenDropout = 0.3
        } else {
            plan.tokenDropout = 0.1
        }
        self.plan = plan
        softness = hasManyLabels ? 0.3 : 0.5
        learnsNames = hasManyLabels
        penaltyFactor = hasManyLabels ? 1 : 3
        measuresTemperature = !hasManyLabels
    }

    /// A fitted head as a burst begins with it.
    ///
    /// A head that has been fitted to the corrections answers nearly all of them rightly and surely, so that the body
    /// would have nothing to learn from. Softened it leaves something to be better at; of all settings this matters most.
    func softened(_ head: ClassificationHead) -> ClassificationHead {
        let factor = softness / head.temperature
        return ClassificationHead(
            labels: head.labels, featureCount: head.featureCount, weight: head.weight.map { $0 * factor },
            bias: head.bias.map { $0 * factor })
    }

    /// How many additions a new one is the mean of, where `members` are wanted with many labels: four times as many with
    /// few.
    private static func members(_ members: Int, labels: Int) -> Int {
        areMany(labels) || members == 1 ? members : min(4 * members, memberCounts.upperBound)
    }

    /// Whether most labels have no second example in a batch.
    private static func areMany(_ labels: Int) -> Bool { 2 * labels >= batchSize }

    static let memberCounts = 1...16
    /// Examples in a batch.
    static let batchSize = 32
    private static let minimumSteps = 8
    /// Of one addition: more were not better with 3,000 corrections of 57 labels.
    private static let mostSteps = 500
    private static let fewestMembers = 2

    private static func learningRate(_ method: TuningMethod) -> Float {
        switch method {
        case .head: 0
        case .bias: 2e-3
        case .lora: 1e-3
        case .topLayers, .full: 1e-4
        }
    }
}
