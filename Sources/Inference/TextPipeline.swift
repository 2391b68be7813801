package import Tokenization
package import Transformer

/// Texts to token ids, within the model's limits.
package struct TextPipeline: Sendable {
    package let tokenizer: Tokenizer
    /// The most tokens of one text, special tokens counted; what is beyond is cut off and reported.
    package let maximumTokens: Int

    /// - Throws: `InferenceError.unsuitable` where the tokenizer's ids do not fit the model's embeddings.
    package init(tokenizer: Tokenizer, maximumTokens: Int, model: ModelConfiguration) throws(InferenceError) {
        guard tokenizer.vocabularySize <= model.vocabularySize else {
            throw .unsuitable(
                """
                tokenizer.json has \(tokenizer.vocabularySize) tokens, \
                but config.json says vocab_size \(model.vocabularySize)
                """)
        }
        self.tokenizer = tokenizer
        self.maximumTokens = min(maximumTokens, model.positionCount)
    }

    /// The encoding of `input`, checked against the model that `encoder` serves.
    package func encode(_ input: TextInput, for encoder: TextEncoder) throws(InferenceError) -> Encoding {
        let encoding = tokenizer.encode(input.text, pair: input.textPair, maximumLength: maximumTokens)
        if let fault = encoder.fault(in: encoding.ids, typeIDs: encoding.typeIDs) {
            throw .unsuitable(fault)
        }
        return encoding
    }
}
