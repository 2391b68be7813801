import Tensors
import Tokenization
import Transformer

/// A body and the memory that one thread computes with it in.
struct Desk {
    let body: Body
    private let workspace: Workspace

    /// For batches of at most `tokens` tokens.
    init(_ body: Body, tokens: Int) {
        self.body = body
        workspace = body.encoder.makeWorkspace(tokens: tokens)
    }

    /// The features of each text, [featureCount].
    func features(_ encodings: [Encoding]) -> [[Float]] {
        var batch = TokenBatch()
        for encoding in encodings { batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs) }
        return body.encoder.features(batch, workspace: workspace)
    }
}

/// Where short texts are computed one by one, as long as each takes a moment only.
struct PromptDesk {
    /// Texts with more bytes are not looked at: they hardly have few enough tokens.
    static let mostBytes = 8 * mostTokens
    private static let mostTokens = 64
    /// How long a text may take.
    private static let moment = Duration.milliseconds(10)

    private var desk: Desk?
    /// How long a token takes at best, as far as seen; nil before the first text.
    private var timePerToken: Duration?

    /// The features of one text, [featureCount]; nil where they would take too long, by what others have taken.
    mutating func features(_ encoding: Encoding, by body: Body) -> [Float]? {
        let count = encoding.ids.count
        guard count <= Self.mostTokens else { return nil }
        let own = desk.flatMap { $0.body === body ? $0 : nil } ?? Desk(body, tokens: Self.mostTokens)
        desk = own
        if let timePerToken, timePerToken * count > Self.moment { return nil }
        let start = ContinuousClock.now
        let features = own.features([encoding])
        let time = (ContinuousClock.now - start) / max(count, 1)
        timePerToken = min(timePerToken ?? time, time)
        return features.first
    }

    /// Forgets the body that there is, unless it is `body`: nothing should hold its weights any longer.
    mutating func leave(unless body: Body) {
        if desk?.body !== body { self = PromptDesk() }
    }
}
