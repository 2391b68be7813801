package import Storage
package import Tuning

/// How well learning goes, measured on what was not learnt yet or never is by the body; kept with every revision.
package struct Measures: Codable, Sendable, Equatable {
    /// Corrections scored by what was answered before they were learnt.
    package struct Prequential: Codable, Sendable, Equatable {
        package var count = 0
        package var right = 0
        /// The share of right answers lately: each correction counts 2 % less than the next.
        package var recent = 0.0
        /// Corrections after this one have not been scored.
        package var upTo: Int64 = 0

        package init() {}

        package var accuracy: Double? { count > 0 ? Double(right) / Double(count) : nil }

        package mutating func score(_ sequence: Int64, isRight: Bool) {
            count += 1
            if isRight { right += 1 }
            // The first ones count equally, so that the mean does not begin at nothing.
            let share = max(0.02, 1 / Double(count))
            recent += share * ((isRight ? 1 : 0) - recent)
            upTo = max(upTo, sequence)
        }
    }

    /// What came between one body and the next, and how every body since has answered what was held back of it.
    package struct Experience: Codable, Sendable, Equatable {
        package let burst: Int
        package let holdout: SequenceSet
        /// Of the body that learnt it, then of every later one.
        package fileprivate(set) var accuracy: [Double]
    }

    package var prequential = Prequential()
    package var experiences: [Experience] = []
    /// How the body answers what was held back, by heads that have not seen it, and how many corrections that is.
    package var holdout: GuardReport.Side?
    package var holdoutCount = 0

    package init() {}

    /// The mean change of accuracy on earlier experiences since they were learnt.
    ///
    /// As in mammoth (`aimagelab/mammoth`, `utils/metrics.py`): over all but the last experience, the accuracy of the
    /// last body minus that of the body that learnt it. Nil before the second.
    package var backwardTransfer: Double? {
        Self.mean(
            experiences.dropLast().compactMap { experience in
                guard let first = experience.accuracy.first, let last = experience.accuracy.last else { return nil }
                return last - first
            })
    }

    /// The mean of how far accuracy on earlier experiences is below the best that a body has had on them.
    ///
    /// As in mammoth: over all but the last experience, the best accuracy of all bodies, minus the last one's; never
    /// negative, since the last body is one of them. Nil before the second.
    package var forgetting: Double? {
        Self.mean(
            experiences.dropLast().compactMap { experience in
                guard let last = experience.accuracy.last, let best = experience.accuracy.max() else {
                    return nil
                }
                return best - last
            })
    }

    /// Forgets what earlier bodies were asked, as a body must that has nothing of theirs.
    package mutating func forgetBodies() {
        experiences = []
        holdout = nil
        holdoutCount = 0
    }

    /// Takes in what the guard asked a body that was accepted: what was held back, and how it was answered.
    package mutating func take(_ answers: CrossFit, of held: [Correction], burst: Int) {
        let isRight = Dictionary(answers.answers.map { ($0.key, $0.isRight) }, uniquingKeysWith: { first, _ in first })
        let keys = Dictionary(
            held.map { ($0.sequence, ExampleKey($0.digest)) }, uniquingKeysWith: { first, _ in first })
        func accuracy(_ sequences: SequenceSet) -> Double? {
            let answered = sequences.elements.compactMap { keys[$0].flatMap { isRight[$0] } }
            return answered.isEmpty ? nil : Double(answered.count { $0 }) / Double(answered.count)
        }
        for index in experiences.indices {
            guard let last = experiences[index].accuracy.last else { continue }
            experiences[index].accuracy.append(accuracy(experiences[index].holdout) ?? last)
        }
        let known = experiences.reduce(SequenceSet()) { $0.union($1.holdout) }
        let new = SequenceSet(held.map(\.sequence).sorted()).subtracting(known)
        if let first = accuracy(new) {
            experiences.append(Experience(burst: burst, holdout: new, accuracy: [first]))
        }
        // The oldest two become one, so that no manifest grows without end.
        if experiences.count > Self.mostExperiences {
            let second = experiences.remove(at: 1)
            let first = experiences[0]
            let counts = (Double(first.holdout.count), Double(second.holdout.count))
            let aligned = zip(first.accuracy.suffix(second.accuracy.count), second.accuracy)
            experiences[0] = Experience(
                burst: second.burst, holdout: first.holdout.union(second.holdout),
                accuracy: aligned.map { ($0 * counts.0 + $1 * counts.1) / (counts.0 + counts.1) })
        }
        holdout = answers.answers.isEmpty ? nil : answers.side
        holdoutCount = answers.answers.count
    }

    private static let mostExperiences = 32

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
