import Inference
import Learning
import LineProtocol
import SocketServer
import Storage
import Transformer
import Tuning

extension RequestRouter {
    func discover() -> DiscoverResult {
        let (content, limits) = (limits.content, limits.server)
        return DiscoverResult(
            server: .init(name: "attuned", version: Version.current),
            model: .init(
                name: model.name, architecture: model.architecture, task: Self.task, parameters: model.parameterCount),
            labels: engine.revision.head?.labels ?? [],
            limits: .init(
                lineBytes: limits.lineBytes, inFlight: limits.inFlight, connections: limits.connections,
                connectionsPerUser: limits.connectionsPerUser, inputs: content.inputs, textBytes: content.textBytes,
                replyBytes: limits.replyBytes),
            methods: Method.allCases)
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
            body: .init(
                learnt: learning.learntByBody, waiting: learning.waitingForBody, unlearning: store.unlearning().count,
                reason: learning.hindrance),
            measures: MeasuresInfo(learning.measures),
            quarantine: learning.quarantine.map {
                .init(uid: $0.user, corrections: $0.corrections, reason: $0.reason)
            },
            lastBurst: learner.burst.map(BurstInfo.init),
            readOnly: .init(flag: readOnlyReason != nil, reason: readOnlyReason))
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
        page.gauge("attuned_read_only", "1 while corrections cannot be stored.", readOnlyReason == nil ? 0 : 1)
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
        measure(learning, &page)
        return page.text
    }

    /// What the page says of the body and of how well learning goes.
    private func measure(_ learning: LearnerStatus, _ page: inout OpenMetricsPage) {
        page.gauge("attuned_body_learnt", "Corrections that the body has learnt.", Double(learning.learntByBody))
        page.gauge("attuned_body_waiting", "Corrections that wait for a burst.", Double(learning.waitingForBody))
        page.gauge(
            "attuned_unlearning", "Corrections taken back that what serves has still seen.",
            Double(store.unlearning().count))
        page.gauge("attuned_quarantined_users", "Users held back.", Double(learning.quarantine.count))
        page.gauge(
            "attuned_bursts", "Bursts that ended since the start, by outcome.",
            learning.bursts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                (["outcome": $0.key.rawValue], Double($0.value))
            })
        let measures = learning.measures
        page.counter(
            "attuned_prequential_scored", "Corrections scored before they were learnt.", measures.prequential.count)
        let shares: [(String, String, Double?)] = [
            (
                "attuned_prequential_accuracy", "Share of corrections answered rightly before they were learnt.",
                measures.prequential.accuracy
            ),
            (
                "attuned_prequential_recent", "The same lately.",
                measures.prequential.count > 0 ? measures.prequential.recent : nil
            ),
            ("attuned_holdout_accuracy", "Share of the holdout answered rightly.", measures.holdout?.accuracy),
            ("attuned_backward_transfer", "Change of accuracy on what was learnt earlier.", measures.backwardTransfer),
            ("attuned_forgetting", "How far that accuracy is below its best.", measures.forgetting),
        ]
        for (name, help, share) in shares {
            if let share { page.gauge(name, help, share) }
        }
    }

    /// Looks again at what keeps corrections out, where anything does: it may be over, and nobody may send one.
    func lookAgain() async {
        if store.readOnlyReason != nil { await store.tryWriting() }
        if room.reason(limits.content) != nil { try? await room.check(limits.content) }
    }

    /// Why corrections are refused, as far as is known.
    private var readOnlyReason: String? { store.readOnlyReason ?? room.reason(limits.content) }

    private var uptimeSeconds: Double { (ContinuousClock.now - started) / .seconds(1) }
}
