/// Judges a candidate's body by corrections that neither it nor the serving body was trained on.
///
/// Heads are cross-fitted on both bodies' features, so that no answer comes from a head that has seen the example. The
/// candidate passes if the mean of the paired differences in log-loss stays below a margin at a stated confidence
/// (non-inferiority), if no class and no slice with enough examples is worse for sure, and if its answers are not
/// degenerate.
package enum Guard {
    /// The report on `candidate`, compared with `serving`; both answered the same examples.
    ///
    /// - Parameter slices: the slice of an example, for those that have one.
    package static func judge(
        serving: CrossFit, candidate: CrossFit, slices: [ExampleKey: String] = [:], settings: GuardSettings
    ) -> GuardReport {
        let pairs = paired(serving, candidate)
        let differences = pairs.map { $0.candidate.logLoss - $0.serving.logLoss }
        let (mean, error) = Student.mean(differences)
        let quantile = Student.quantile(settings.confidence, degrees: pairs.count - 1)
        let bound = mean + quantile * error
        let margin = settings.margin(examples: pairs.count)
        let groups = groups(pairs, slices, settings)
        func report(_ reason: String?) -> GuardReport {
            GuardReport(
                isAccepted: reason == nil,
                reason: reason,
                examples: pairs.count,
                change: pairs.isEmpty || !mean.isFinite ? nil : mean,
                upperBound: bound.isFinite ? bound : nil,
                serving: side(pairs.map(\.serving)),
                candidate: side(pairs.map(\.candidate)),
                groups: groups,
                settings: settings
            )
        }
        if pairs.count < settings.fewest {
            return report(
                "\(pairs.count) corrections were held back; \(settings.fewest) are needed to judge by")
        }
        if let fault = degenerate(pairs) { return report(fault) }
        guard bound <= margin else {
            return report(
                """
                the log-loss on \(pairs.count) held-back corrections changes by \(rounded(mean)), and may be worse by \
                up to \(rounded(bound)) (allowed: \(rounded(margin)), confidence \(settings.confidence))
                """)
        }
        if let worst = groups.filter({ $0.lowerBound > margin }).max(by: { $0.lowerBound < $1.lowerBound }) {
            return report(
                """
                the log-loss of the \(worst.kind) '\(worst.name)' is worse by \(rounded(worst.change)) on its \
                \(worst.examples) held-back corrections, by more than \(rounded(worst.lowerBound)) for sure
                """)
        }
        return report(nil)
    }

    private typealias Pair = (serving: CrossFit.Answer, candidate: CrossFit.Answer)

    /// The examples that both answered.
    private static func paired(_ serving: CrossFit, _ candidate: CrossFit) -> [Pair] {
        let others = Dictionary(candidate.answers.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return serving.answers.compactMap { answer in others[answer.key].map { (answer, $0) } }
    }

    /// What there is to say of one body's answers; nil where that is not a number.
    private static func side(_ answers: [CrossFit.Answer]) -> GuardReport.Side? {
        let side = CrossFit(answers: answers).side
        return answers.isEmpty || !side.logLoss.isFinite ? nil : side
    }

    /// What makes the candidate's answers worthless, or nil.
    private static func degenerate(_ pairs: [Pair]) -> String? {
        if let pair = pairs.first(where: { !$0.candidate.logLoss.isFinite }) {
            return "the candidate's answer for '\(pair.candidate.label)' is not a finite number"
        }
        let answers = Set(pairs.map(\.candidate.predicted))
        let labels = Set(pairs.map(\.candidate.label))
        if pairs.count > 1, labels.count > 1, answers.count == 1, Set(pairs.map(\.serving.predicted)).count > 1 {
            return "the candidate answers '\(answers.first ?? "")' to everything"
        }
        return nil
    }

    /// Classes and slices with enough examples, at a confidence corrected for their number (Bonferroni).
    private static func groups(
        _ pairs: [Pair], _ slices: [ExampleKey: String], _ settings: GuardSettings
    ) -> [GuardReport.Group] {
        var differences: [String: [String: [Double]]] = [:]
        for pair in pairs {
            let difference = pair.candidate.logLoss - pair.serving.logLoss
            differences["label", default: [:]][pair.serving.label, default: []].append(difference)
            if let slice = slices[pair.serving.key] {
                differences["slice", default: [:]][slice, default: []].append(difference)
            }
        }
        let judged = differences.sorted { $0.key < $1.key }.flatMap { kind, byName in
            byName.sorted { $0.key < $1.key }.filter { $0.value.count >= settings.fewestOfGroup }
                .map { (kind: kind, name: $0.key, values: $0.value) }
        }
        let confidence = 1 - (1 - settings.confidence) / Double(max(judged.count, 1))
        return judged.compactMap { group in
            let (mean, error) = Student.mean(group.values)
            let quantile = Student.quantile(confidence, degrees: group.values.count - 1)
            guard mean.isFinite, error.isFinite else { return nil }
            return GuardReport.Group(
                kind: group.kind,
                name: group.name,
                examples: group.values.count,
                change: mean,
                lowerBound: mean - quantile * error
            )
        }
    }

    private static func rounded(_ value: Double) -> String {
        guard value.isFinite else { return "an unknown amount" }
        return String(Double((value * 1000).rounded()) / 1000)
    }
}
