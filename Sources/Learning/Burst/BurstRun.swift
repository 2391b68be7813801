import Foundation
import Glibc
import Inference
import Storage
import Transformer
import Tuning

/// A body and a head that could serve, and how they came about.
struct Candidate {
    let body: LoadedBody
    /// All corrections that the head was fitted on, by this body.
    let table: CorrectionTable
    let head: HeadFit
    /// What the head was fitted with.
    let start: HeadSettings
    /// Nil where the body is the base model's own.
    let burst: BurstManifest?
    let seed: UInt64
    let steps: Int
    let new: [Correction]
    let holdout: [Correction]
    let report: GuardReport?
    /// Why a rebuild could not train a body.
    let fault: String?
    /// What the guard asked both bodies.
    let answers: CrossFit

    /// Why the body is the base model's; nil where one was trained.
    var shortfall: String? {
        if burst != nil { return nil }
        return fault ?? report?.reason ?? "the body is the base model's: there are too few corrections to tune it"
    }
}

/// What came of a burst that could be finished.
enum BurstVerdict {
    case accepted(Candidate)
    case rejected(GuardReport)
}

/// The computing of one burst: head, body, head, and the guard; it blocks its thread and looks at nothing outside.
struct BurstRun {
    let job: BurstJob
    let base: LearningBase
    let pipeline: TextPipeline
    let board: BurstBoard
    private let parent: LoadedBody

    /// Corrections whose features are computed before it is asked again whether to stop.
    private static let chunk = 64

    init(job: BurstJob, base: LearningBase, pipeline: TextPipeline, board: BurstBoard) {
        self.job = job
        self.base = base
        self.pipeline = pipeline
        self.board = board
        parent = job.purpose.isFromBase ? .base(base) : job.parent.body
    }

    /// Packs the weights of the body that the burst begins with.
    func prepare() { parent.body.encoder.prepare() }

    /// Computes all of it.
    ///
    /// A rebuild always gives a candidate: that of the base model's own body where a burst is not worth it or rejected.
    /// - Throws: `BurstError`, `TuningError` or `InferenceError`.
    func run() throws -> BurstVerdict {
        let isRebuild = job.purpose == .rebuild
        let before = table(parent)
        let live = job.changes.filter(\.state.isLive)
        // The learner's table may have been ahead of the journal's page, or behind it, for a moment.
        let keys = Set(live.map { ExampleKey($0.digest) })
        let isAtHand =
            parent.number == job.parent.body.number && !isRebuild && job.examples.count == live.count
            && job.examples.restricted(to: keys).count == live.count
        if !isAtHand { try fill(before) }
        let examples = isAtHand ? job.examples : before.examples
        let sets = BurstSets(live, learnt: earlier, policy: job.policy)

        var report: GuardReport?
        var fault: String?
        let settings = try settings(before, examples)
        if job.method != .head, !isRebuild || sets.new.count >= job.policy.startAfter {
            do {
                switch try tune(sets, on: parent, before, examples, settings) {
                case .accepted(let candidate): return .accepted(candidate)
                case .rejected(let found): report = found
                }
            } catch let error as BurstError where isRebuild && error != .cancelled {
                fault = error.description
            } catch let error as TuningError where isRebuild {
                fault = error.description
            }
        }
        guard isRebuild else {
            guard let report else { throw BurstError.invalid("the method 'head' leaves the body as it is") }
            return .rejected(report)
        }
        let (start, head) = try plainHead(before, settings)
        return .accepted(
            Candidate(
                body: parent, table: before, head: head, start: start, burst: nil, seed: 0, steps: 0, new: [],
                holdout: report == nil ? [] : sets.holdout,
                report: report, fault: fault, answers: CrossFit(answers: [])))
    }

    /// Trains a body that goes on from `parent`, fits its head and has it judged.
    private func tune(
        _ sets: BurstSets, on parent: LoadedBody, _ before: CorrectionTable, _ examples: HeadExamples,
        _ settings: HeadSettings
    ) throws -> BurstVerdict {
        let trained = sets.new + sets.replay
        let seed = job.seed ?? Self.seed(of: trained)
        let method = BurstTraining.method(job.method, on: parent)
        let labels = BurstTraining.labels(of: trained)
        let recipe = BurstRecipe(
            method, new: sets.new.count, replay: sets.replay.count, labels: labels.count,
            members: job.policy.members, isContinued: parent.continues(method), caution: job.caution,
            training: job.policy.training, stepLimit: try stepLimit(trained, parent), threads: IdleThread.count)
        board.update {
            $0.state = .running
            $0.seed = seed
            $0.steps = recipe.plan.steps * recipe.members
            $0.corrections = sets.new.count
        }
        let training = BurstTraining(base: base, pipeline: pipeline, parent: parent)
        let outcome = try training.run(
            recipe, new: sets.new, replay: sets.replay, seed: seed, settings: settings,
            examples: examples.restricted(to: Set(trained.map { ExampleKey($0.digest) })),
            names: before.nameFeatures(labels)
        ) { [board] step in
            board.update {
                $0.step += 1
                $0.loss = step.loss
            }
        } isCancelled: { [board] in
            board.isCancelled
        }
        board.update { $0.state = .judging }
        let body = LoadedBody.tuned(outcome, method: method, from: parent, base: base)
        let after = table(body)
        try fill(after)
        guard after.examples.count >= examples.count else {
            throw TuningError(
                "\(examples.count - after.examples.count) corrections have features by the new body that are not finite"
            )
        }

        // Where the share was another before, some may have been learnt by the body that serves: they are no judges.
        let judges = sets.holdout.filter { !job.parent.bodySet.sequences.contains($0.sequence) }
        let holdout = Set(judges.map { ExampleKey($0.digest) })
        let serving = try servingAnswers(before, examples, settings, holdout)
        // The features of what the body was trained on say nothing about what suits a head on others: what was chosen
        // before stays, but for how sure its answers may be, which the held-back corrections tell.
        let learnt = SequenceSet(sets.new.map(\.sequence).sorted()).union(earlier)
        let problem = after.problem(job.labels, base: base.head, learntByBody: learnt)
        var adapted = try problem.adapted(settings)
        // What suits a body that was tuned before was found on it, or raised when it was made.
        if parent.number == 0 { adapted.penalty *= recipe.penaltyFactor }
        let candidate = try answers(problem, adapted, holdout)
        let report = Guard.judge(
            serving: serving, candidate: candidate, slices: after.slices, settings: job.policy.judging)
        guard report.isAccepted else { return .rejected(report) }
        if recipe.measuresTemperature { adapted.temperature = candidate.temperature ?? adapted.temperature }
        adapted.chosenAt = after.examples.count
        let manifest = BurstManifest(
            purpose: job.purpose, from: parent.number, recipe: recipe, settings: settings,
            new: SequenceSet(sets.new.map(\.sequence).sorted()),
            replay: SequenceSet(sets.replay.map(\.sequence).sorted()), end: outcome.end)
        return .accepted(
            Candidate(
                body: body, table: after, head: try fit(after, adapted, learntByBody: learnt), start: adapted,
                burst: manifest, seed: seed, steps: outcome.steps.count, new: sets.new, holdout: judges,
                report: report, fault: nil, answers: candidate))
    }

    /// What the bodies before have learnt.
    private var earlier: SequenceSet {
        job.purpose.isFromBase ? SequenceSet() : job.parent.bodySet.sequences
    }

    /// What the serving body answers on what is held back; for a rebuild, the base model's.
    ///
    /// What serves must be no better than the candidate, whatever the candidate was made from.
    private func servingAnswers(
        _ before: CorrectionTable, _ examples: HeadExamples, _ settings: HeadSettings, _ holdout: Set<ExampleKey>
    ) throws -> CrossFit {
        if job.purpose == .consolidate, job.parent.body.number != 0, let own = job.parent.settings {
            let names = table(job.parent.body).nameFeatures(job.labels)
            return try answers(
                HeadProblem(examples: job.examples, labels: job.labels, names: names, base: base.head), own, holdout)
        }
        return try answers(
            HeadProblem(
                examples: examples, labels: job.labels, names: before.nameFeatures(job.labels), base: base.head),
            settings, holdout)
    }

    /// What heads on the body before are fitted with: what serves, or, from the base model, what suits these corrections.
    private func settings(_ before: CorrectionTable, _ examples: HeadExamples) throws -> HeadSettings {
        let isServing = job.purpose != .rebuild && (job.purpose == .tune || job.parent.body.number == 0)
        if isServing, let settings = job.parent.settings { return settings }
        let problem = HeadProblem(
            examples: examples, labels: job.labels, names: before.nameFeatures(job.labels), base: base.head)
        guard let fit = try problem.fit(parent: nil, settings: nil, isThorough: true, isInterrupted: { isCancelled })
        else { throw BurstError.cancelled }
        return fit.settings
    }

    private func answers(
        _ problem: HeadProblem, _ settings: HeadSettings, _ holdout: Set<ExampleKey>
    ) throws -> CrossFit {
        let found = try CrossFit.answers(
            of: problem, settings: settings, smoothing: job.policy.judging.smoothing,
            asking: { holdout.contains($0) }, isInterrupted: { isCancelled })
        guard let found else { throw BurstError.cancelled }
        return found
    }

    /// The head on all corrections, from nothing to the tolerance.
    private func fit(
        _ table: CorrectionTable, _ settings: HeadSettings, learntByBody learnt: SequenceSet
    ) throws -> HeadFit {
        let problem = table.problem(job.labels, base: base.head, learntByBody: learnt)
        guard
            let fit = try problem.fit(
                parent: nil, settings: settings, isThorough: true, isInterrupted: { isCancelled })
        else { throw BurstError.cancelled }
        if let fault = problem.fault(in: fit.head) { throw TuningError(fault) }
        return fit
    }

    /// The head of a rebuild that ends with the base model's body, and the settings that it was fitted with.
    ///
    /// What was taken back is to be forgotten in any case: where the settings that suit the corrections best give no head
    /// that may serve, those of a first head are taken.
    private func plainHead(
        _ table: CorrectionTable, _ settings: HeadSettings
    ) throws -> (settings: HeadSettings, fit: HeadFit) {
        do {
            return (settings, try fit(table, settings, learntByBody: SequenceSet()))
        } catch is TuningError {
            let problem = table.problem(job.labels, base: base.head, learntByBody: SequenceSet())
            var plain = try problem.adapted(HeadSettings(classes: job.labels.count))
            plain.chosenAt = table.examples.count
            return (plain, try fit(table, plain, learntByBody: SequenceSet()))
        }
    }

    /// Computes the features of all corrections.
    private func fill(_ table: CorrectionTable) throws {
        var rest = job.changes[...]
        while !rest.isEmpty {
            if isCancelled { throw BurstError.cancelled }
            _ = table.apply(Array(rest.prefix(Self.chunk)))
            rest = rest.dropFirst(Self.chunk)
        }
    }

    private func table(_ body: LoadedBody) -> CorrectionTable {
        CorrectionTable(pipeline: pipeline, body: body.body, holdoutShare: job.policy.holdoutShare)
    }

    private var isCancelled: Bool { board.isCancelled }

    /// Steps that a thread has time for, by how long this one computes the features of one batch; nil for a rebuild.
    ///
    /// Its own time counts and not the clock's, which goes on while others have the processor.
    private func stepLimit(_ corrections: [Correction], _ parent: LoadedBody) throws -> Int? {
        guard job.purpose != .rebuild else { return nil }
        let sample = corrections.prefix(BurstRecipe.batchSize).map(TextInput.init)
        let extractor = FeatureExtractor(pipeline: pipeline, body: parent.body)
        let workspace = extractor.makeWorkspace()
        // What is done once does not count.
        _ = try extractor.features(sample, workspace: workspace)
        let started = Self.threadSeconds
        _ = try extractor.features(sample, workspace: workspace)
        let seconds = max(Self.threadSeconds - started, 1e-6) * Self.stepCost
        return max(1, Int(min(job.policy.longestBurst / .seconds(1) / seconds, 1e9)))
    }

    /// How many times as long as the features of its batch a training step takes, at most.
    private static let stepCost = 3.5

    /// Seconds that the calling thread has computed for.
    private static var threadSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// A seed that the corrections' content gives, small enough for any JSON reader.
    private static func seed(of corrections: [Correction]) -> UInt64 {
        var sum = DigestSum()
        for correction in corrections { sum.add(correction.digest) }
        return UInt64(sum.hex.prefix(13), radix: 16) ?? 0
    }
}
