public import LineProtocol

extension AttuneClient {
    /// What the daemon is, and what it can do.
    public func discover() async throws(ClientError) -> DiscoverResult {
        try await call(.discover)
    }

    /// The label of one input.
    public func predict(
        _ input: Input,
        topK: Int? = nil,
        revision: Int? = nil
    ) async throws(ClientError) -> PredictionResult {
        try await call(.predict(PredictParameters(.one(input), topK: topK, revision: revision)))
    }

    /// The labels of several inputs, in their order.
    public func predict(
        _ inputs: [Input],
        topK: Int? = nil,
        revision: Int? = nil
    ) async throws(ClientError) -> [PredictionResult] {
        let call = Call.predict(PredictParameters(.many(inputs), topK: topK, revision: revision))
        let result: PredictResult = try await self.call(call)
        guard result.all.count == inputs.count else {
            throw .malformedReply("\(result.all.count) predictions for \(inputs.count) inputs")
        }
        return result.all
    }

    /// The features of one input.
    public func embed(_ input: Input) async throws(ClientError) -> EmbeddingResult {
        try await call(.embed(EmbedParameters(.one(input))))
    }

    /// The features of several inputs, in their order.
    public func embed(_ inputs: [Input]) async throws(ClientError) -> EmbeddingsResult {
        try await call(.embed(EmbedParameters(.many(inputs))))
    }

    /// Teaches one correction; it is durable when this returns.
    public func submit(_ correction: SubmitParameters) async throws(ClientError) -> SubmitResult {
        try await call(.submitCorrection(correction))
    }

    /// One correction.
    public func correction(_ sequence: Int) async throws(ClientError) -> CorrectionInfo {
        let result: CorrectionsResult = try await call(.getCorrection(sequence: sequence))
        guard let correction = result.corrections.first else { throw .malformedReply("no correction in the reply") }
        return correction
    }

    /// A page of corrections.
    public func corrections(
        state: CorrectionState? = nil,
        cursor: Cursor? = nil,
        limit: Int? = nil
    ) async throws(ClientError) -> CorrectionsResult {
        try await call(.listCorrections(ListCorrectionsParameters(state: state, cursor: cursor, limit: limit)))
    }

    /// Takes a correction back.
    public func retract(_ sequence: Int, purge: Bool = false) async throws(ClientError) -> RetractResult {
        try await call(.retractCorrection(RetractParameters(sequence: sequence, purge: purge)))
    }

    /// Lets corrections that are held back be learnt; returns how many.
    public func release(_ which: ReleaseParameters) async throws(ClientError) -> Int {
        let result: ReleaseResult = try await call(.releaseCorrections(which))
        return result.released
    }

    /// Starts a burst.
    public func startTuning(
        _ parameters: StartTuningParameters = StartTuningParameters(),
        progress: (@Sendable (JSONValue) -> Void)? = nil
    ) async throws(ClientError) -> BurstInfo? {
        let result: BurstResult = try await call(.startTuning(parameters), progress: progress)
        return result.burst
    }

    /// The burst that runs, or ran last.
    public func tuningStatus() async throws(ClientError) -> BurstInfo? {
        let result: BurstResult = try await call(.tuningStatus)
        return result.burst
    }

    /// Stops the burst that runs.
    public func cancelTuning() async throws(ClientError) -> BurstInfo? {
        let result: BurstResult = try await call(.cancelTuning)
        return result.burst
    }

    /// The revisions that are kept.
    public func revisions() async throws(ClientError) -> [RevisionInfo] {
        let result: RevisionsResult = try await call(.listRevisions)
        return result.revisions
    }

    /// One revision.
    public func revision(_ id: Int) async throws(ClientError) -> RevisionInfo {
        try await call(.getRevision(id))
    }

    /// Makes a revision the serving one; returns which serves now.
    public func activate(_ revision: Int, expectedCurrent: Int? = nil) async throws(ClientError) -> Int {
        let call = Call.activateRevision(ActivateParameters(revision: revision, expectedCurrent: expectedCurrent))
        let result: ActivateResult = try await self.call(call)
        return result.revision
    }

    /// Keeps a revision whatever comes later, or no longer; returns which.
    public func pin(_ revision: Int, _ pinned: Bool) async throws(ClientError) -> Bool {
        let result: PinResult = try await call(.pinRevision(PinParameters(revision: revision, pinned: pinned)))
        return result.pinned
    }

    /// Makes a consistent copy of the daemon's state, and returns its directory; remove it when it has been fetched.
    public func snapshotState() async throws(ClientError) -> String {
        let result: SnapshotResult = try await call(.snapshotState)
        return result.path
    }

    /// Has the daemon read its configuration again; returns once the new values hold, and says which take a restart.
    public func reloadConfiguration() async throws(ClientError) -> ReloadResult {
        try await call(.reloadConfiguration)
    }

    /// How the daemon is.
    public func status() async throws(ClientError) -> StatusResult {
        try await call(.status)
    }

    /// The metrics in OpenMetrics form.
    public func metrics() async throws(ClientError) -> String {
        let result: MetricsResult = try await call(.metrics)
        return result.text
    }

    /// How good a revision is on these examples.
    public func evaluate(
        _ examples: [EvaluateParameters.Example],
        revision: Int? = nil
    ) async throws(ClientError) -> EvaluateResult {
        try await call(.evaluate(EvaluateParameters(examples, revision: revision)))
    }
}
