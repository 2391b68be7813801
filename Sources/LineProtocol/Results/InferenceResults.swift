/// A label and its probability.
public struct LabelScore: Sendable, Hashable, Codable {
    /// The label.
    public let label: String
    /// Its probability.
    public let score: Float

    package init(label: String, score: Float) {
        self.label = label
        self.score = score
    }
}

/// The answer to one input of `predict`.
public struct PredictionResult: Sendable, Hashable, Codable {
    /// The likeliest label.
    public let label: String
    /// Its probability.
    public let score: Float
    /// The labels asked for, highest score first.
    public let scores: [LabelScore]
    /// Whether the input was cut to the model's length.
    public let truncated: Bool
    /// The revision that answered.
    public let revision: Int

    package init(label: String, score: Float, scores: [LabelScore], truncated: Bool, revision: Int) {
        self.label = label
        self.score = score
        self.scores = scores
        self.truncated = truncated
        self.revision = revision
    }
}

/// The result of `predict`: one prediction for `input`, as many as there are `inputs` otherwise.
public enum PredictResult: Sendable, Hashable {
    case one(PredictionResult)
    case many([PredictionResult])

    /// The predictions in the order of the inputs.
    public var all: [PredictionResult] {
        switch self {
        case .one(let prediction): [prediction]
        case .many(let predictions): predictions
        }
    }
}

extension PredictResult: Codable {
    private struct Many: Codable {
        let predictions: [PredictionResult]
    }

    /// Reads either form.
    public init(from decoder: any Decoder) throws {
        if let many = try? Many(from: decoder) {
            self = .many(many.predictions)
        } else {
            self = .one(try PredictionResult(from: decoder))
        }
    }

    /// Writes the form that the request had.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .one(let prediction): try prediction.encode(to: encoder)
        case .many(let predictions): try Many(predictions: predictions).encode(to: encoder)
        }
    }
}

/// The answer to one input of `embed`.
public struct EmbeddingResult: Sendable, Hashable, Codable {
    /// The pooled features.
    public let embedding: [Float]
    /// Whether the input was cut to the model's length.
    public let truncated: Bool
    /// The revision whose body answered.
    public let revision: Int

    package init(embedding: [Float], truncated: Bool, revision: Int) {
        self.embedding = embedding
        self.truncated = truncated
        self.revision = revision
    }
}

/// The answer to the `inputs` of `embed`.
public struct EmbeddingsResult: Sendable, Hashable, Codable {
    /// The pooled features of each input.
    public let embeddings: [[Float]]
    /// Whether each input was cut to the model's length.
    public let truncated: [Bool]
    /// The revision whose body answered.
    public let revision: Int

    package init(embeddings: [[Float]], truncated: [Bool], revision: Int) {
        self.embeddings = embeddings
        self.truncated = truncated
        self.revision = revision
    }
}

/// The result of `embed`: one embedding for `input`, as many as there are `inputs` otherwise.
public enum EmbedResult: Sendable, Hashable {
    case one(EmbeddingResult)
    case many(EmbeddingsResult)
}

extension EmbedResult: Codable {
    /// Reads either form.
    public init(from decoder: any Decoder) throws {
        if let many = try? EmbeddingsResult(from: decoder) {
            self = .many(many)
        } else {
            self = .one(try EmbeddingResult(from: decoder))
        }
    }

    /// Writes the form that the request had.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .one(let embedding): try embedding.encode(to: encoder)
        case .many(let embeddings): try embeddings.encode(to: encoder)
        }
    }
}

/// The result of `evaluate`.
public struct EvaluateResult: Sendable, Hashable, Codable {
    /// How well one label is told from the others.
    public struct LabelReport: Sendable, Hashable, Codable {
        /// The label.
        public let label: String
        /// How many examples have it.
        public let support: Int
        /// The share of its predictions that are right; 0 if it was never predicted.
        public let precision: Double
        /// The share of its examples that were found; 0 if there are none.
        public let recall: Double
        /// The harmonic mean of precision and recall.
        public let f1: Double

        package init(label: String, support: Int, precision: Double, recall: Double, f1: Double) {
            self.label = label
            self.support = support
            self.precision = precision
            self.recall = recall
            self.f1 = f1
        }
    }

    /// How good the answers are on a part of the examples.
    public struct SliceReport: Sendable, Hashable, Codable {
        /// The slice's name.
        public let slice: String
        /// How many examples are in it.
        public let count: Int
        /// The share of them that was answered rightly.
        public let accuracy: Double

        package init(slice: String, count: Int, accuracy: Double) {
            self.slice = slice
            self.count = count
            self.accuracy = accuracy
        }
    }

    /// How many examples were measured.
    public let count: Int
    /// The share of them that was answered rightly.
    public let accuracy: Double
    /// The mean of the labels' F1, each counting the same.
    public let macroF1: Double
    /// How far probabilities are from the shares that they promise, weighted over bins of equal width.
    public let expectedCalibrationError: Double
    /// By label, sorted by its name.
    public let labels: [LabelReport]
    /// By slice, sorted by its name.
    public let slices: [SliceReport]
    /// The revision that was measured.
    public let revision: Int

    package init(
        count: Int,
        accuracy: Double,
        macroF1: Double,
        expectedCalibrationError: Double,
        labels: [LabelReport],
        slices: [SliceReport],
        revision: Int
    ) {
        self.count = count
        self.accuracy = accuracy
        self.macroF1 = macroF1
        self.expectedCalibrationError = expectedCalibrationError
        self.labels = labels
        self.slices = slices
        self.revision = revision
    }
}
