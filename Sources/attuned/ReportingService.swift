import Inference
import Learning
import ServiceLifecycle
import Storage
import Supervision
import Tuning

/// Tells systemd that the daemon is ready, and what it is doing; and looks whether corrections can be stored again.
struct ReportingService: Service {
    let notifier: Notifier
    let store: StateStore
    let engine: InferenceEngine
    let learner: Learner
    let router: RequestRouter

    /// After how many rounds what keeps corrections out is looked at again: after ten seconds.
    private static let rounds = 20

    func run() async throws {
        let first = status
        notifier.later { $0.ready(status: first) }
        await cancelWhenGracefulShutdown {
            var last = first
            var round = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(500))
                round += 1
                if round.isMultiple(of: Self.rounds) { await router.lookAgain() }
                let now = status
                if now != last, !Task.isCancelled { notifier.later { $0.status(now) } }
                last = now
            }
        }
    }

    /// The story in a line: `revision 000042, 1,287 corrections, holdout 94.1 %, 3 waiting; last burst rejected: …`.
    private var status: String {
        // What is announced last is read first, so that no line tells of a burst without what came of it.
        let burst = learner.burst
        let learning = learner.status
        let counts = store.counts
        var text = "revision \(Self.sixDigits(engine.revision.number))"
        text += ", \(Self.grouped(counts[.learnt] ?? 0)) corrections"
        if let holdout = learning.measures.holdout { text += ", holdout \(Self.percent(holdout.accuracy))" }
        if let waiting = counts[.queued], waiting > 0 { text += ", \(Self.grouped(waiting)) waiting" }
        if let withheld = counts[.withheld], withheld > 0 { text += ", \(Self.grouped(withheld)) withheld" }
        if !learning.quarantine.isEmpty { text += ", \(learning.quarantine.count) users quarantined" }
        if let burst { text += "; " + Self.story(of: burst) }
        if let error = learning.lastError { text += "; learning failed: \(error)" }
        if let reason = store.readOnlyReason { text += "; read-only: \(reason)" }
        return text
    }

    private static func story(of burst: BurstStatus) -> String {
        guard burst.isOver else {
            switch burst.state {
            case .judging: return "burst \(burst.id) is judged"
            // Whole tenths: each step would be a message of its own.
            case .running where burst.steps > 0: return "burst \(burst.id) at \(burst.step * 10 / burst.steps * 10) %"
            default: return "burst \(burst.id) begins"
            }
        }
        let reason = burst.reason.map { ": \($0)" } ?? ""
        let revision = burst.revision.map { " revision \(sixDigits($0))" } ?? ""
        return "last burst \(burst.state.rawValue)\(revision)\(reason)"
    }

    private static func sixDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// `1,287`, whatever the locale.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digits[index])
        }
    }
}
