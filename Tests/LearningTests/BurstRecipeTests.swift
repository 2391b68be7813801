import Learning
import Testing
import Transformer
import Tuning

@Suite struct `The recipe of a burst` {
    private static let lora = TuningMethod.lora(LowRankPlan())

    private func recipe(
        _ method: TuningMethod = lora, new: Int = 200, labels: Int, members: Int = 2, isContinued: Bool = false,
        stepLimit: Int? = nil, threads: Int = 1
    ) -> BurstRecipe {
        BurstRecipe(
            method, new: new, replay: 0, labels: labels, members: members, isContinued: isContinued,
            stepLimit: stepLimit, threads: threads)
    }

    @Test func `takes the mean of eight new adapters where there are few labels, and of two where there are many`() {
        #expect([2, 15].map { recipe(labels: $0).members } == [8, 8])
        #expect([16, 77].map { recipe(labels: $0).members } == [2, 2])
        #expect([2, 77].map { recipe(labels: $0, members: 1).members } == [1, 1], "one is wanted, and so one is made")
        #expect([5, 16].map { recipe(labels: 2, members: $0).members } == [16, 16], "there is a most")
    }

    @Test(arguments: [TuningMethod.bias, .topLayers(1), .full])
    func `makes one body where there is no mean to take`(method: TuningMethod) {
        #expect(recipe(method, labels: 2).members == 1)
        #expect(recipe(labels: 2, isContinued: true).members == 1, "an adapter is gone on with by one")
    }

    @Test func `divides the steps that there is time for among as many adapters as can go over everything`() {
        let whole = recipe(labels: 2)
        #expect(whole.plan.steps == 4 * 200 / 32)
        let short = recipe(labels: 2, stepLimit: 6 * 25 + 24)
        #expect(short.members == 6)
        #expect(short.plan.steps == 25, "as many as with all the time in the world")
        let shorter = recipe(labels: 2, stepLimit: 2 * 20)
        #expect(shorter.members == 2)
        #expect(shorter.plan.steps == 20)
        #expect(recipe(labels: 2, stepLimit: 1).plan.steps == 8, "fewer teach nothing")
        #expect(recipe(labels: 77, stepLimit: 2 * 20).plan.steps == 20)
        #expect(recipe(labels: 2, members: 1, stepLimit: 20).plan.steps == 20)
    }

    @Test func `has as much time as the threads that it uses`() {
        let short = recipe(labels: 2, stepLimit: 87, threads: 2)
        #expect(short.members == 6, "three after another on each thread")
        #expect(short.plan.steps == 25)
        let shorter = recipe(labels: 2, stepLimit: 20, threads: 8)
        #expect(shorter.members == 2)
        #expect(shorter.plan.steps == 20, "two of the threads have one each")
        #expect(recipe(.full, labels: 2, stepLimit: 20, threads: 8).plan.steps == 20, "one body is trained by one")
        let unlimited = recipe(labels: 2)
        #expect(recipe(labels: 2, threads: 8) == unlimited, "without a limit it is the same wherever it is made")
    }

    @Test(arguments: [(2, 512, 8, 64), (2, 2000, 4, 250), (2, 4096, 2, 500), (57, 3000, 2, 500)])
    func `goes over thousands as often as over few, with fewer adapters`(
        labels: Int, new: Int, members: Int, steps: Int
    ) {
        let made = recipe(new: new, labels: labels)
        #expect(made.members == members)
        #expect(made.plan.steps == steps)
        let more = recipe(new: new, labels: labels, members: 16)
        #expect(more.members == 16, "so many were asked for, and there is time")
        #expect(more.plan.steps == steps)
    }

    @Test func `makes its steps as it is told to, and by default as it was found to work`() {
        var training = TrainingOptions()
        training.shape = .cosine
        training.pull = 0.25
        training.layerDecay = 0.5
        training.trainsEmbeddings = true
        training.checkInterval = 3
        for labels in [2, 77] {
            var plan = BurstRecipe(.full, new: 200, replay: 0, labels: labels, members: 2, training: training).plan
            #expect(plan.schedule == LearningRateSchedule(shape: .cosine, warmUp: plan.steps / 10))
            #expect(plan.optimizer.pull == 0.25 && plan.optimizer.layerDecay == 0.5)
            #expect(plan.trainsEmbeddings && plan.checkInterval == 3)
            let usual = recipe(.full, labels: labels).plan
            #expect(usual.schedule.shape == .linear && usual.optimizer == AdamWSettings())
            #expect(!usual.trainsEmbeddings && usual.checkInterval == 0)
            // Nothing else differs.
            plan.schedule = usual.schedule
            plan.optimizer = usual.optimizer
            plan.trainsEmbeddings = false
            plan.checkInterval = 0
            #expect(plan == usual)
        }
    }

    @Test func `an administrator's method has the configured numbers`() {
        var policy = BurstPolicy()
        policy.method = .full
        policy.lowRank = LowRankPlan(rank: 32, alpha: 64)
        policy.topLayers = 4
        #expect(policy.method(.lora) == .lora(LowRankPlan(rank: 32, alpha: 64)))
        #expect(policy.method(.topLayers) == .topLayers(4))
        #expect(policy.method(.full) == .full)
    }
}
