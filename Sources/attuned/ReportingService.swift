import Inference
import ServiceLifecycle
import Storage
import Supervision

/// Tells systemd that the daemon is ready, what it is doing, and that it is alive.
struct ReportingService: Service {
    let notifier: Notifier
    let store: StateStore
    let engine: InferenceEngine

    func run() async throws {
        let first = status
        notifier.later { $0.ready(status: first) }
        await cancelWhenGracefulShutdown {
            var last = status
            let interval = notifier.watchdogInterval.map { min($0 / 2, .seconds(2)) } ?? .seconds(2)
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                if notifier.watchdogInterval != nil { notifier.later { $0.watchdog() } }
                let now = status
                if now != last { notifier.later { $0.status(now) } }
                last = now
            }
        }
    }

    /// The story in a line.
    private var status: String {
        let counts = store.counts
        var text = "revision \(engine.revision.number), \(counts[.learnt] ?? 0) corrections learnt"
        if let waiting = counts[.queued], waiting > 0 { text += ", \(waiting) waiting" }
        if let reason = store.readOnlyReason { text += "; read-only: \(reason)" }
        return text
    }
}
