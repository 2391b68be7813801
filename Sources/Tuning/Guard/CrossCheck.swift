/// Finds users whose corrections contradict what all other corrections say.
package enum CrossCheck {
    /// Who taught an example.
    package typealias User = UInt32

    /// When a user counts as contradicting the others.
    package struct Settings: Codable, Equatable, Sendable {
        /// Corrections of a user, and of the others together, below which nothing is said.
        package var fewest = 20
        /// By how much the share of contradicted corrections must be above the others'.
        package var excess = 0.2
        /// The one-sided confidence that it is above the others' at all.
        package var confidence = 0.9999
        /// Examples of a label that others must have taught before a user's can contradict them.
        package var fewestOfLabel = 3

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
    /// - Throws: `TuningError` if an example's label is not among the problem's.
    package static func suspects(
        in problem: HeadProblem, headSettings: HeadSettings, users: [ExampleKey: User],
        witnesses: [ExampleKey: User]? = nil, settings: Settings = Settings(), isInterrupted: () -> Bool = { false }
    ) throws(TuningError) -> [Suspect]? {
        var problem = problem
        var users = users
        var suspects: [Suspect] = []
        while Set(users.values).count > 1 {
            let fit = try CrossFit.answers(
                of: problem, settings: headSettings, asking: { users[$0] != nil }, isInterrupted: isInterrupted)
            guard let fit else { return nil }
            let taught = taught(problem, witnesses ?? users)
            guard let worst = worst(counts(fit, users, taught, settings), settings) else { break }
            suspects.append(worst)
            // Whom only the suspect contradicts is cleared: the others are asked again without what he taught.
            problem = problem.without { users[$0] == worst.user }
            users = users.filter { $0.value != worst.user }
        }
        return suspects
    }

    private typealias Count = (examples: Int, contradicted: Int)

    /// How many of each user's corrections can be contradicted by others, and how many are.
    private static func counts(
        _ fit: CrossFit, _ users: [ExampleKey: User], _ taught: [String: [User: Int]], _ settings: Settings
    ) -> [User: Count] {
        var counts: [User: Count] = [:]
        for answer in fit.answers {
            guard let user = users[answer.key], let byUser = taught[answer.label] else { continue }
            let others = byUser.reduce(0) { $0 + ($1.key == user ? 0 : $1.value) }
            guard others >= settings.fewestOfLabel else { continue }
            counts[user, default: (0, 0)].examples += 1
            if !answer.isRight { counts[user, default: (0, 0)].contradicted += 1 }
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

    /// The user who is contradicted most of those who are so more than all others together; nil if nobody is.
    private static func worst(_ counts: [User: Count], _ settings: Settings) -> Suspect? {
        let quantile = Student.normalQuantile(settings.confidence)
        let judged = counts.compactMap { user, own -> (excess: Double, suspect: Suspect)? in
            let others = counts.reduce((examples: 0, contradicted: 0)) {
                $1.key == user ? $0 : ($0.examples + $1.value.examples, $0.contradicted + $1.value.contradicted)
            }
            guard own.examples >= settings.fewest, others.examples >= settings.fewest else { return nil }
            let rate = Double(own.contradicted) / Double(own.examples)
            let usual = Double(others.contradicted) / Double(others.examples)
            let pooled = Double(own.contradicted + others.contradicted) / Double(own.examples + others.examples)
            let variance = pooled * (1 - pooled) * (1 / Double(own.examples) + 1 / Double(others.examples))
            guard rate - usual > settings.excess, rate - usual > quantile * variance.squareRoot() else { return nil }
            return (
                rate - usual,
                Suspect(user: user, examples: own.examples, contradicted: own.contradicted, usual: usual)
            )
        }
        return judged.max { ($0.excess, $1.suspect.user) < ($1.excess, $0.suspect.user) }?.suspect
    }
}

extension HeadProblem {
    /// The same problem without the examples whose keys `isLeft` picks.
    fileprivate func without(_ isLeft: (ExampleKey) -> Bool) -> HeadProblem {
        HeadProblem(
            examples: examples.restricted(to: Set(examples.keys.filter { !isLeft($0) })), labels: labels, names: names,
            base: base, judges: judges)
    }
}
