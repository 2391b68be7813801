package import Tensors
import Tokenization
import Transformer

/// Computes features on the caller's own thread, apart from the threads that serve.
///
/// For the learner, which must never get in the way of a request.
package struct FeatureExtractor {
    private let pipeline: TextPipeline
    package var body: Body
    private let batchTokens: Int

    /// Features by `body`, in batches of at most `batchTokens` tokens.
    package init(pipeline: TextPipeline, body: Body, batchTokens: Int = 512) {
        self.pipeline = pipeline
        self.body = body
        self.batchTokens = max(batchTokens, pipeline.maximumTokens)
    }

    /// A workspace for the largest batches.
    package func makeWorkspace() -> Workspace { body.encoder.makeWorkspace(tokens: batchTokens) }

    /// The features of `inputs`, in their order; each [featureCount].
    ///
    /// - Parameter workspace: nil for one that is made for these inputs.
    package func features(_ inputs: [TextInput], workspace: Workspace? = nil) throws(InferenceError) -> [[Float]] {
        if inputs.isEmpty { return [] }
        var batches = [TokenBatch()]
        for input in inputs {
            let encoding = try pipeline.encode(input, for: body.encoder)
            if batches[batches.count - 1].tokenCount + encoding.ids.count > batchTokens { batches.append(TokenBatch()) }
            batches[batches.count - 1].append(ids: encoding.ids, typeIDs: encoding.typeIDs)
        }
        // Megabytes for hundreds of texts, that nobody needs between one burst of corrections and the next.
        let workspace =
            workspace ?? body.encoder.makeWorkspace(tokens: batches.reduce(0) { max($0, $1.tokenCount) })
        return batches.flatMap { body.encoder.features($0, workspace: workspace) }
    }
}
