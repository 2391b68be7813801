import Tensors
import Tokenization
import Transformer

/// Computes features on the caller's own thread, apart from the threads that serve.
///
/// For the learner, which must never get in the way of a request. One thread uses it at a time.
package final class FeatureExtractor {
    private let pipeline: TextPipeline
    private let body: Body
    /// Made when it is first needed.
    private lazy var workspace = body.encoder.makeWorkspace(tokens: batchTokens)
    private let batchTokens: Int

    /// Features by `body`, in batches of at most `batchTokens` tokens.
    package init(pipeline: TextPipeline, body: Body, batchTokens: Int = 512) {
        self.pipeline = pipeline
        self.body = body
        self.batchTokens = max(batchTokens, pipeline.maximumTokens)
    }

    /// The features of `inputs`, in their order; each [featureCount].
    package func features(_ inputs: [TextInput]) throws(InferenceError) -> [[Float]] {
        var features: [[Float]] = []
        features.reserveCapacity(inputs.count)
        var batch = TokenBatch()
        for input in inputs {
            let encoding = try pipeline.encode(input, for: body.encoder)
            if batch.tokenCount + encoding.ids.count > batchTokens {
                features += body.encoder.features(batch, workspace: workspace)
                batch = TokenBatch()
            }
            batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs)
        }
        if batch.sequenceCount > 0 {
            features += body.encoder.features(batch, workspace: workspace)
        }
        return features
    }
}
