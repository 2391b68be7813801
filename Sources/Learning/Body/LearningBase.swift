package import Inference
import Storage
import Synchronization
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
    private let serving: Serving
    private let precision: WeightPrecision
    private let kernels: VectorKernels
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
        serving = Serving(Body(encoder: model.encoder))
        precision = model.encoder.precision
        self.kernels = model.encoder.kernels
    }

    /// What serves with revision 0.
    package var body: Body { serving.body.withLock { $0 } }

    /// Shared by all copies.
    private final class Serving: Sendable {
        let body: Mutex<Body>

        init(_ body: Body) { self.body = Mutex(body) }
    }

    /// Says which of the bodies with these weights serves; nil for none.
    ///
    /// That one is `body`; where there is none, packed weights go once nobody computes with them, and `body` packs them
    /// again when it is used.
    package func serve(_ body: Body?) { serving.body.withLock { $0 = body ?? $0.resting() } }

    /// A body of these weights and what `adapter` adds to them, to serve as the base's does.
    func body(_ parameters: BodyParameters, adapter: LowRankAdapter? = nil) -> Body {
        Body(
            encoder: TextEncoder(
                parameters, adapter: adapter, configuration: configuration, plan: pooling, precision: precision,
                kernels: kernels))
    }
}
