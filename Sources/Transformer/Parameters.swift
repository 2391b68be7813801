package import Tensors

/// Weight [outputSize, inputSize] and bias [outputSize] of a linear layer.
package struct LinearParameters: Sendable {
    package var weight: Tensor
    package var bias: Tensor

    package init(weight: Tensor, bias: Tensor) {
        self.weight = weight
        self.bias = bias
    }

    package init(_ scope: ParameterScope, inputSize: Int, outputSize: Int) throws(ModelError) {
        weight = try scope.tensor("weight", [outputSize, inputSize])
        bias = try scope.tensor("bias", [outputSize])
    }
}

/// Weight and bias of a layer norm, both [size].
package struct NormParameters: Sendable {
    package var weight: Tensor
    package var bias: Tensor

    package init(weight: Tensor, bias: Tensor) {
        self.weight = weight
        self.bias = bias
    }
}

/// The parameters of one block; their names are in `BodyParameters.walk`.
package struct BlockParameters: Sendable {
    package var query: LinearParameters
    package var key: LinearParameters
    package var value: LinearParameters
    package var attentionOutput: LinearParameters
    package var attentionNorm: NormParameters
    package var intermediate: LinearParameters
    package var output: LinearParameters
    package var outputNorm: NormParameters

    /// Takes a mapped file's weights out of memory until they are read again.
    func letGo() {
        for layer in [query, key, value, attentionOutput, intermediate, output] { layer.weight.letGo() }
    }

    /// A block whose tensors are all `tensor`, to be filled in.
    init(filledWith tensor: Tensor) {
        let linear = LinearParameters(weight: tensor, bias: tensor)
        let norm = NormParameters(weight: tensor, bias: tensor)
        (query, key, value, attentionOutput, attentionNorm) = (linear, linear, linear, linear, norm)
        (intermediate, output, outputNorm) = (linear, linear, norm)
    }
}

/// All parameters of a body: embeddings and blocks, in full precision, as the checkpoint has them.
package struct BodyParameters: Sendable {
    /// [vocabularySize, hiddenSize].
    package var wordEmbeddings: Tensor
    /// [positionCount, hiddenSize].
    package var positionEmbeddings: Tensor
    /// [typeCount, hiddenSize].
    package var typeEmbeddings: Tensor
    package var embeddingNorm: NormParameters
    package var blocks: [BlockParameters]
    /// What a classifier's features go through; nil where the body is pooled in another way.
    package var pooler: LinearParameters?

    /// Asks `tensor` for every tensor of the body, lowest first; it must have the place's shape.
    package init<E: Error>(
        _ configuration: ModelConfiguration,
        withPooler: Bool = false,
        tensor: (ParameterPlace) throws(E) -> Tensor
    ) throws(E) {
        let empty = Tensor([], shape: [0])
        (wordEmbeddings, positionEmbeddings, typeEmbeddings) = (empty, empty, empty)
        embeddingNorm = NormParameters(weight: empty, bias: empty)
        blocks = [BlockParameters](repeating: BlockParameters(filledWith: empty), count: configuration.layerCount)
        pooler = withPooler ? LinearParameters(weight: empty, bias: empty) : nil
        try walk(configuration) { (place, value) throws(E) in
            value = try tensor(place)
            precondition(value.shape == place.shape, "a tensor must have its place's shape")
        }
    }

    /// Loads from the scope that holds `embeddings.` and `encoder.`, and `pooler.` where it is wanted.
    package init(
        _ scope: ParameterScope,
        configuration: ModelConfiguration,
        withPooler: Bool = false
    ) throws(ModelError) {
        try self.init(configuration, withPooler: withPooler) { (place) throws(ModelError) in
            try scope.tensor(place.name, place.shape)
        }
        scope["embeddings"].ignore(["position_ids"])
    }
}
