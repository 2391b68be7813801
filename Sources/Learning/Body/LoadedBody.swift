package import Inference
package import Transformer
package import Tuning

/// How a body is made from the base model's, and so what a revision keeps of it.
package enum BodyKind: String, Sendable, Codable {
    /// It is the base model's.
    case base
    /// The base model's with other biases: delta.safetensors.
    case bias
    /// A low-rank addition: a PEFT directory, with a model directory around it where the body below is not the base's.
    case lora
    /// Weights of its own: a model directory.
    case dense
}

/// A revision's body as the learner needs it: what serves, and what tuning goes on from.
package struct LoadedBody: Sendable {
    /// The revision that brought it; 0 is the base model's, and so is that of a body that is not published yet.
    package let number: Int
    /// What serves and computes features.
    package let body: Body
    package let kind: BodyKind
    /// Whether what an adapter is added to is the base model's body.
    let isOnBase: Bool

    /// What an adapter is added to; the body's own weights where there is no adapter.
    package var foundation: BodyParameters { body.encoder.parameters }
    package var adapter: LowRankAdapter? { body.encoder.adapter }

    /// The dense weights that serve: a copy of them where there is an adapter.
    func mergedParameters() -> BodyParameters { body.encoder.mergedParameters() }

    /// The base model's.
    package static func base(_ base: LearningBase) -> LoadedBody {
        LoadedBody(number: 0, body: base.body, kind: .base, isOnBase: true)
    }

    /// What a burst of `method` on this body trains from: what `Burst.Input` gets for `base` and `adapter`.
    ///
    /// An adapter of the same plan is gone on with; for anything else the body is merged.
    package func start(_ method: TuningMethod) -> (base: BodyParameters, adapter: LowRankAdapter?) {
        continues(method) ? (foundation, adapter) : (mergedParameters(), nil)
    }

    /// The body that a finished burst on `parent` made; its number is the one given later by `numbered(_:)`.
    ///
    /// The burst must have begun with `parent.start(method)`. One that changed the head alone leaves the body as it is.
    package static func tuned(
        _ outcome: Burst.Outcome, method: TuningMethod, from parent: LoadedBody, base: LearningBase
    ) -> LoadedBody {
        let kind: BodyKind
        switch method {
        case .head: return parent
        case .lora: kind = .lora
        case .bias: kind = parent.kind == .base || parent.kind == .bias ? .bias : .dense
        case .topLayers, .full: kind = .dense
        }
        return LoadedBody(
            number: 0, body: base.body(outcome.parameters, adapter: outcome.adapter), kind: kind,
            isOnBase: kind == .lora && (parent.continues(method) ? parent.isOnBase : parent.kind == .base))
    }

    /// The same body, brought by revision `number`.
    package func numbered(_ number: Int) -> LoadedBody {
        LoadedBody(number: number, body: body, kind: kind, isOnBase: isOnBase)
    }

    /// Whether `method` goes on with this body's adapter.
    func continues(_ method: TuningMethod) -> Bool {
        if case .lora(let plan) = method { adapter?.plan == plan } else { false }
    }
}
