import Inference
import Learning
import LineProtocol
import SocketServer
import Storage
import Transformer

extension RequestRouter {
    func discover() -> DiscoverResult {
        DiscoverResult(
            server: .init(name: "attuned", version: Version.current),
            model: .init(
                name: model.name, architecture: model.architecture, task: Self.task, parameters: model.parameterCount),
            labels: engine.revision.head?.labels ?? [],
            limits: .init(
                lineBytes: limits.lineBytes, inFlight: limits.inFlight, connections: limits.connections,
                connectionsPerUser: limits.connectionsPerUser),
            methods: Method.allCases.filter { ![.startTuning, .cancelTuning, .reloadConfiguration].contains($0) })
    }

    func status() -> StatusResult {
        let learning = learner.status
        let counts = Dictionary(
            uniqueKeysWithValues: store.counts.map { (LineProtocol.CorrectionState($0.key), $0.value) })
        return StatusResult(
            state: learning.isBusy ? .learning : .serving, revision: engine.revision.number, model: model.name,
            labels: engine.revision.head?.labels.count ?? 0, uptimeSeconds: uptimeSeconds,
            connections: connections.value,
            queues: .init(inference: engine.queueLength, learning: counts[.queued] ?? 0),
            corrections: .init(counts),
            readOnly: .init(flag: store.readOnlyReason != nil, reason: store.readOnlyReason))
    }

    /// What the daemon counts and measures, as OpenMetrics has it.
    func metrics() -> String {
        var page = OpenMetricsPage()
        let counts = store.counts
        page.gauge("attuned_revision", "Revision that serves.", Double(engine.revision.number))
        page.gauge("attuned_labels", "Labels that can be predicted.", Double(engine.revision.head?.labels.count ?? 0))
        page.gauge("attuned_uptime_seconds", "Time since the start.", uptimeSeconds, unit: "seconds")
        page.gauge("attuned_connections", "Open connections.", Double(connections.value))
        page.gauge("attuned_inference_queue", "Texts that wait to be computed.", Double(engine.queueLength))
        page.gauge("attuned_read_only", "1 while corrections cannot be stored.", store.readOnlyReason == nil ? 0 : 1)
        page.gauge(
            "attuned_corrections", "Corrections by state.",
            counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { (["state": $0.key.rawValue], Double($0.value)) })
        let totals = counters.values
        page.counter("attuned_predictions", "Texts classified.", totals.predictions)
        page.counter("attuned_embeddings", "Texts embedded.", totals.embeddings)
        page.counter("attuned_corrections_submitted", "Corrections acknowledged since the start.", totals.corrections)
        let learning = learner.status
        page.counter("attuned_head_refits", "Heads fitted and published since the start.", learning.refits)
        page.gauge(
            "attuned_last_refit_seconds", "Time of the last head refit.", learning.lastRefitSeconds, unit: "seconds")
        return page.text
    }

    private var uptimeSeconds: Double { (ContinuousClock.now - started) / .seconds(1) }
}
