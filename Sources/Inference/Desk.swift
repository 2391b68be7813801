import Tensors
import Tokenization
import Transformer

/// The memory that one thread answers in, with whichever body; all bodies of an engine have one shape.
struct Desk {
    private let tokens: Int
    /// Made with the first batch.
    private var workspace: Workspace?

    /// For batches of at most `tokens` tokens.
    init(tokens: Int) { self.tokens = tokens }

    /// The features of each text by `body`, [featureCount].
    mutating func features(_ encodings: [Encoding], by body: Body) -> [[Float]] {
        let workspace = workspace ?? body.encoder.makeWorkspace(tokens: tokens)
        self.workspace = workspace
        var batch = TokenBatch()
        for encoding in encodings { batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs) }
        ComputeThread.serves()
        return body.encoder.features(batch, workspace: workspace)
    }
}
