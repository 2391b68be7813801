package import Inference
import Storage
import Tensors
package import Transformer

/// The pretrained model that everything starts from, as the learner needs it.
package struct LearningBase: Sendable {
    /// The model directory, absolute.
    package let directory: String
    /// `BaseModelIdentity.digest` of it.
    package let digest: String
    package let configuration: ModelConfiguration
    package let pooling: PoolingPlan
    package let parameters: BodyParameters
    /// The checkpoint's own classifier.
    package let head: ClassificationHead?
    /// What the checkpoint has before the names of a plain encoder's tensors, such as `bert.`.
    package let namePrefix: String
    /// What serves with revision 0.
    package let body: Body
    /// Names the arithmetic of this process: results of different paths differ in the last bits, or more.
    package let kernelPath: String

    /// Of `model`, loaded from `directory`, where `kernels` names the processor's.
    package init(directory: String, digest: String, model: TextModel, kernels: String) {
        self.directory = directory
        self.digest = digest
        configuration = model.configuration
        pooling = model.encoder.plan
        parameters = model.encoder.parameters
        head = model.head
        namePrefix = model.namePrefix
        kernelPath = "\(kernels)+\(model.encoder.precision.rawValue)"
        body = Body(encoder: model.encoder, key: Self.key(digest, of: nil, kernelPath: kernelPath))
    }

    /// A body of these weights, to serve as the base's does.
    func body(_ parameters: BodyParameters) -> Body {
        let encoder = TextEncoder(
            parameters, configuration: configuration, plan: pooling, precision: body.encoder.precision,
            kernels: body.encoder.kernels)
        let weights = parameters.digest(configuration)
        return Body(encoder: encoder, key: Self.key(digest, of: weights.hex, kernelPath: kernelPath))
    }

    /// Names what features may be compared with: the model and the weights in it, the kernels and the precision.
    private static func key(_ digest: String, of weights: String?, kernelPath: String) -> String {
        ([digest] + [weights].compactMap(\.self) + [kernelPath]).joined(separator: ":")
    }
}
