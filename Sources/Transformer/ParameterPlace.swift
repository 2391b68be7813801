package import Tensors

/// Where a tensor is in a body, and what it is.
package struct ParameterPlace: Sendable, Equatable {
    /// What a tensor does, which is what the optimiser and the methods go by.
    package enum Kind: Sendable, Equatable {
        /// The matrix of a linear layer.
        case weight
        case bias
        case normWeight
        case normBias
        /// A table of embeddings, a row for each word, position or type.
        case table

        /// Whether weight decay applies: to matrices and tables, never to biases and norms.
        package var decays: Bool { self == .weight || self == .table }
    }

    /// The tensor's name in the checkpoint of a plain encoder, such as `encoder.layer.0.output.dense.weight`.
    package let name: String
    package let shape: [Int]
    package let kind: Kind
    package let part: Part

    /// The stages of a body, from its input to its features.
    package enum Part: Sendable, Equatable {
        case embeddings
        case block(Int)
        case pooler
    }
}

extension BodyParameters {
    /// Visits every tensor of the body once, lowest first, with its name and shape.
    ///
    /// The one list of names: the loader, the methods, the optimiser and the savers go by it. `visit` may replace a
    /// tensor.
    package mutating func walk<E: Error>(
        _ configuration: ModelConfiguration,
        _ visit: (ParameterPlace, inout Tensor) throws(E) -> Void
    ) throws(E) {
        let size = configuration.hiddenSize
        let wide = configuration.intermediateSize

        func table(_ name: String, _ rows: Int, _ tensor: inout Tensor) throws(E) {
            let name = "embeddings.\(name)_embeddings.weight"
            try visit(ParameterPlace(name: name, shape: [rows, size], kind: .table, part: .embeddings), &tensor)
        }
        func norm(_ name: String, _ part: ParameterPlace.Part, _ norm: inout NormParameters) throws(E) {
            let shape = [size]
            try visit(
                ParameterPlace(name: "\(name).weight", shape: shape, kind: .normWeight, part: part),
                &norm.weight
            )
            try visit(ParameterPlace(name: "\(name).bias", shape: shape, kind: .normBias, part: part), &norm.bias)
        }
        func linear(
            _ name: String,
            _ part: ParameterPlace.Part,
            _ outputSize: Int,
            _ inputSize: Int,
            _ linear: inout LinearParameters
        ) throws(E) {
            try visit(
                ParameterPlace(name: "\(name).weight", shape: [outputSize, inputSize], kind: .weight, part: part),
                &linear.weight
            )
            try visit(
                ParameterPlace(name: "\(name).bias", shape: [outputSize], kind: .bias, part: part),
                &linear.bias
            )
        }

        try table("word", configuration.vocabularySize, &wordEmbeddings)
        try table("position", configuration.positionCount, &positionEmbeddings)
        try table("token_type", configuration.typeCount, &typeEmbeddings)
        try norm("embeddings.LayerNorm", .embeddings, &embeddingNorm)
        for block in blocks.indices {
            let name = "encoder.layer.\(block)"
            let part = ParameterPlace.Part.block(block)
            try linear("\(name).attention.self.query", part, size, size, &blocks[block].query)
            try linear("\(name).attention.self.key", part, size, size, &blocks[block].key)
            try linear("\(name).attention.self.value", part, size, size, &blocks[block].value)
            try linear("\(name).attention.output.dense", part, size, size, &blocks[block].attentionOutput)
            try norm("\(name).attention.output.LayerNorm", part, &blocks[block].attentionNorm)
            try linear("\(name).intermediate.dense", part, wide, size, &blocks[block].intermediate)
            try linear("\(name).output.dense", part, size, wide, &blocks[block].output)
            try norm("\(name).output.LayerNorm", part, &blocks[block].outputNorm)
        }
        if var pooler {
            try linear("pooler.dense", .pooler, size, size, &pooler)
            self.pooler = pooler
        }
    }

    /// Every tensor of the body with its place, lowest first.
    package func tensors(_ configuration: ModelConfiguration) -> [(place: ParameterPlace, tensor: Tensor)] {
        var all: [(ParameterPlace, Tensor)] = []
        var copy = self
        copy.walk(configuration) { all.append(($0, $1)) }
        return all
    }
}
