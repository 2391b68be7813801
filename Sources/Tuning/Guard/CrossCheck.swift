import Transformer

/// Finds users whose corrections contradict what all other corrections say.
///
/// That most of a user's are contradicted is not enough: who sends what was answered wrongly, as people should, is
/// contradicted by the heads that have not seen it as well. But the right label of a hard text is seldom one that these
/// heads hold to be impossible, and a label by chance mostly is. So a suspect's contradicted labels must also be less
/// likely, by what all others say, than those of the others that are contradicted themselves.
package enum CrossCheck {
    /// Who taught an example.
    package typealias User = UInt32

    /// When a user counts as contradicting the others.
    package struct Settings: Codable, Equatable, Sendable {
        /// Corrections of a user, and of the others together, below which nothing is said.
        package var fewest = 20
        /// By how much the share of contradicted corrections must be above the others'.
        package var excess = 0.2
        /// The one-sided confidence that it is above the others' at all, for all users together.
        package var confidence = 0.9999
        /// How often, of a contradicted label of the user's and one of the others', the user's must be the less likely one.
        package var implausibility = 0.65
        /// The one-sided confidence that it is so more often than not.
        package var implausibilityConfidence = 0.999
        /// Contradicted corrections of the others below which that is not looked at: they are contradicted hardly ever.
        package var fewestContradicted = 8
        /// Examples of a label that others must have taught before a user's can contradict them.
        package var fewestOfLabel = 3
        /// Contradicted users at most who are looked at more closely in one check; each takes several fits.
        package var mostLooks = 16

        package init() {}
    }

    /// A user whose corrections cannot be right if the others' are.
    package struct Suspect: Sendable, Equatable {
        package let user: User
        /// Corrections that were looked at, and how many contradict.
        package let examples: Int
        package let contradicted: Int
        /// The share of the others' corrections that are contradicted.
        package let usual: Double

        package var reason: String {
            """
            \(contradicted) of \(examples) corrections of user \(user) contradict what the other users' say; of the \
            others' \(Int((usual * 100).rounded())) % do
            """
        }
    }

    /// The users among those who taught the examples of `problem` who contradict the others, the worst first; nil when
    /// interrupted.
    ///
    /// - Parameters:
    ///   - users: who taught an example that is asked for; the others are learnt from, but nobody's.
    ///   - witnesses: who taught any example, to tell whether others know a label; nil for `users`.
    ///   - cleared: who was looked at closely in the checks before and found to be none, as long as others wait for that;
    ///     also where it was interrupted, so that the next check goes on from there.
    /// - Throws: `TuningError` if an example's label is not among the problem's.
    package static func suspects(
        in problem: HeadProblem, headSettings: HeadSettings, users: [ExampleKey: User],
        witnesses: [ExampleKey: User]? = nil, settings: Settings = Settings(), cleared: inout Set<User>,
        isInterrupted: () -> Bool = { false }
    ) throws(TuningError) -> [Suspect]? {
        var problem = problem
        var users = users
        var suspects: [Suspect] = []
        var looks = 0
        while Set(users.values).count > 1 {
            let sample = sample(users)
            let fit = try CrossFit.answers(
                of: problem, settings: headSettings, asking: { sample.contains($0) }, isInterrupted: isInterrupted)
            guard let fit else { return nil }
            let taught = taught(problem, witnesses ?? users)
            var found: Suspect?
            for candidate in contradicted(counts(fit.answers, users, taught, settings), settings)
            where !cleared.contains(candidate.user) {
                guard looks < settings.mostLooks else { return suspects }
                looks += 1
                let isImplausible = try isImplausible(
                    candidate.user, problem, headSettings, users, asking: sample, taught, settings, isInterrupted)
                guard let isImplausible else { return nil }
                if isImplausible {
                    found = candidate
                    break
                }
                cleared.insert(candidate.user)
            }
            cleared = []
            guard let worst = found else { break }
            suspects.append(worst)
            // Whom only the suspect contradicts is cleared: the others are asked again without what he taught.
            problem = problem.restricted { users[$0] != worst.user }
            users = users.filter { $0.value != worst.user }
        }
        return suspects
    }

    /// As many examples as are asked for at a time, the same number of each user's as far as there are so many: nobody is
    /// overlooked beside others who taught thousands.
    private static func sample(_ users: [ExampleKey: User]) -> Set<ExampleKey> {
        guard users.count > CrossValidation.limit else { return Set(users.keys) }
        // In content order every n-th is as good as drawn at random.
        let byUser = Dictionary(grouping: users.keys.sorted()) { users[$0] ?? 0 }
        var room = CrossValidation.limit
        var waiting = byUser.count
        var sample: Set<ExampleKey> = []
        for keys in byUser.values.sorted(by: { ($0.count, $0[0]) < ($1.count, $1[0]) }) {
            let count = min(keys.count, room / waiting)
            for number in 0..<count { sample.insert(keys[number * keys.count / count]) }
            room -= count
            waiting -= 1
        }
        return sample
    }

    /// How many corrections of a user can be contradicted by others, and the log-losses of those that are.
    private struct Count {
        var examples = 0
        var contradicted: [Double] = []

        var rate: Double { Double(contradicted.count) / Double(max(examples, 1)) }
    }

    /// What is counted of each user.
    private static func counts(
        _ answers: [CrossFit.Answer], _ users: [ExampleKey: User], _ taught: [String: [User: Int]], _ settings: Settings
    ) -> [User: Count] {
        var counts: [User: Count] = [:]
        for answer in answers {
            guard let user = users[answer.key], let byUser = taught[answer.label] else { continue }
            let others = byUser.reduce(0) { $0 + ($1.key == user ? 0 : $1.value) }
            guard others >= settings.fewestOfLabel else { continue }
            counts[user, default: Count()].examples += 1
            if !answer.isRight { counts[user, default: Count()].contradicted.append(answer.logLoss) }
        }
        return counts
    }

    /// How many examples of each label each user has taught.
    private static func taught(_ problem: HeadProblem, _ witnesses: [ExampleKey: User]) -> [String: [User: Int]] {
        var taught: [String: [User: Int]] = [:]
        let examples = problem.examples
        for (key, label) in zip(examples.keys, examples.labels) {
            guard let user = witnesses[key] else { continue }
            taught[examples.labelNames[Int(label)], default: [:]][user, default: 0] += 1
        }
        return taught
    }

    /// The users who are contradicted more than all others together, the worst first.
    private static func contradicted(_ counts: [User: Count], _ settings: Settings) -> [Suspect] {
        let judged = counts.compactMap { user, own -> (excess: Double, suspect: Suspect)? in
            var others = (examples: 0, contradicted: 0)
            for (other, count) in counts where other != user {
                others.examples += count.examples
                others.contradicted += count.contradicted.count
            }
            guard own.examples >= settings.fewest, others.examples >= settings.fewest else { return nil }
            let usual = Double(others.contradicted) / Double(others.examples)
            guard own.rate - usual > settings.excess else { return nil }
            let chance = RankTest.tail(
                own.contradicted.count, of: own.examples, marked: own.contradicted.count + others.contradicted,
                among: own.examples + others.examples)
            guard chance * Double(counts.count) < 1 - settings.confidence else { return nil }
            return (
                own.rate - usual,
                Suspect(user: user, examples: own.examples, contradicted: own.contradicted.count, usual: usual)
            )
        }
        return judged.sorted { ($0.excess, $1.suspect.user) > ($1.excess, $0.suspect.user) }.map(\.suspect)
    }

    /// Whether the labels of `user` that all others contradict are less likely than those that they contradict of each
    /// other, which may just be hard to know; nil when interrupted.
    ///
    /// To compare with are those others alone who are contradicted less than half as often, or where there are none the
    /// least: somebody else may be no better. All of it takes no more than a bounded number of examples.
    ///
    /// - Parameter asked: the examples that stand for all, the user's among them.
    private static func isImplausible(
        _ user: User, _ problem: HeadProblem, _ headSettings: HeadSettings, _ users: [ExampleKey: User],
        asking asked: Set<ExampleKey>, _ taught: [String: [User: Int]], _ settings: Settings,
        _ isInterrupted: () -> Bool
    ) throws(TuningError) -> Bool? {
        let sample = sample(users.filter { $0.value != user })
        let rest = problem.examples.keys.filter { users[$0] != user && !sample.contains($0) }
        let taken = sample.union(CrossValidation.thinned(rest))
        let others = problem.restricted { taken.contains($0) }
        let fit = try CrossFit.answers(
            of: others, settings: headSettings, asking: { sample.contains($0) }, isInterrupted: isInterrupted)
        let head = try others.fit(
            parent: nil, settings: headSettings, isThorough: false, isInterrupted: isInterrupted)?.head
        guard let fit, let head else { return nil }
        let answers = problem.answers(of: head, temperature: fit.temperature ?? 1) {
            users[$0] == user && asked.contains($0)
        }
        guard let own = counts(answers, users, taught, settings)[user] else { return false }
        let all = counts(fit.answers, users, taught, settings).sorted {
            ($0.value.rate, $0.key) < ($1.value.rate, $1.key)
        }
        let better = all.filter { 2 * $0.value.rate < own.rate }
        let usual = (better.isEmpty ? Array(all.prefix(1)) : better).flatMap(\.value.contradicted)
        guard usual.count >= settings.fewestContradicted else { return true }
        let comparison = RankTest.compare(own.contradicted, usual)
        return comparison.share > settings.implausibility
            && comparison.deviations > Student.normalQuantile(settings.implausibilityConfidence)
    }
}

extension HeadProblem {
    /// The same problem with those examples alone whose keys `isKept` picks.
    fileprivate func restricted(_ isKept: (ExampleKey) -> Bool) -> HeadProblem {
        HeadProblem(
            examples: examples.restricted(to: Set(examples.keys.filter(isKept))), labels: labels, names: names,
            base: base, judges: judges)
    }

    /// What `head` answers on the examples whose keys `isAsked` picks.
    fileprivate func answers(
        of head: ClassificationHead, temperature: Float, asking isAsked: (ExampleKey) -> Bool
    ) -> [CrossFit.Answer] {
        let width = examples.featureCount
        return examples.keys.indices.filter { isAsked(examples.keys[$0]) }.compactMap { row in
            let logits = head.logits(examples.features[row * width..<(row + 1) * width].span)
            let name = examples.labelNames[Int(examples.labels[row])]
            guard let label = head.labels.firstIndex(of: name) else { return nil }
            let best = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
            let loss = Calibration.loss(
                logits, classes: logits.count, [Int32(label)], weights: [1], inverse: 1 / Double(temperature))
            return CrossFit.Answer(
                key: examples.keys[row], label: name, predicted: head.labels[best], logLoss: loss)
        }
    }
}
