package import Tensors

/// Weight [outputSize, inputSize] and bias [outputSize] of a linear layer.
package struct LinearParameters: Sendable {
    package var weight: Tensor
    package var bias: Tensor

    init(_ scope: ParameterScope, inputSize: Int, outputSize: Int) throws(ModelError) {
        weight = try scope.tensor("weight", [outputSize, inputSize])
        bias = try scope.tensor("bias", [outputSize])
    }
}

/// Weight and bias of a layer norm, both [size].
package struct NormParameters: Sendable {
    package var weight: Tensor
    package var bias: Tensor

    init(_ scope: ParameterScope, size: Int) throws(ModelError) {
        weight = try scope.tensor("weight", [size])
        bias = try scope.tensor("bias", [size])
    }
}

/// The parameters of one block, under their names in a BERT checkpoint.
package struct BlockParameters: Sendable {
    package var query: LinearParameters
    package var key: LinearParameters
    package var value: LinearParameters
    package var attentionOutput: LinearParameters
    package var attentionNorm: NormParameters
    package var intermediate: LinearParameters
    package var output: LinearParameters
    package var outputNorm: NormParameters

    init(_ scope: ParameterScope, shape: BlockShape) throws(ModelError) {
        let size = shape.hiddenSize
        let attention = scope["attention"]
        query = try LinearParameters(attention["self"]["query"], inputSize: size, outputSize: size)
        key = try LinearParameters(attention["self"]["key"], inputSize: size, outputSize: size)
        value = try LinearParameters(attention["self"]["value"], inputSize: size, outputSize: size)
        attentionOutput = try LinearParameters(attention["output"]["dense"], inputSize: size, outputSize: size)
        attentionNorm = try NormParameters(attention["output"]["LayerNorm"], size: size)
        intermediate = try LinearParameters(
            scope["intermediate"]["dense"], inputSize: size, outputSize: shape.intermediateSize)
        output = try LinearParameters(scope["output"]["dense"], inputSize: shape.intermediateSize, outputSize: size)
        outputNorm = try NormParameters(scope["output"]["LayerNorm"], size: size)
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

    /// Loads from the scope that holds `embeddings.` and `encoder.`.
    package init(_ scope: ParameterScope, configuration: ModelConfiguration) throws(ModelError) {
        let size = configuration.hiddenSize
        let embeddings = scope["embeddings"]
        wordEmbeddings = try embeddings.tensor("word_embeddings.weight", [configuration.vocabularySize, size])
        positionEmbeddings = try embeddings.tensor("position_embeddings.weight", [configuration.positionCount, size])
        typeEmbeddings = try embeddings.tensor("token_type_embeddings.weight", [configuration.typeCount, size])
        embeddingNorm = try NormParameters(embeddings["LayerNorm"], size: size)
        blocks = []
        for index in 0..<configuration.layerCount {
            let layer = scope["encoder"]["layer"][String(index)]
            blocks.append(try BlockParameters(layer, shape: configuration.block))
        }
        embeddings.ignore(["position_ids"])
    }
}
