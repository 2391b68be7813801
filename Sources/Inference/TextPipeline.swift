package import Tokenization
package import Transformer

/// Texts to token ids, within the model's limits.
package struct TextPipeline: Sendable {
    package let tokenizer: Tokenizer
    /// The most tokens of one text, special tokens counted; what is beyond is cut off and reported.
    package let maximumTokens: Int

    /// - Throws: `InferenceError.unsuitable` where the tokenizer's ids do not fit the model's embeddings, or it makes
    ///   nothing of an empty text: a model needs at least one token.
    package init(tokenizer: Tokenizer, maximumTokens: Int, model: ModelConfiguration) throws(InferenceError) {
        guard tokenizer.vocabularySize <= model.vocabularySize else {
            throw .unsuitable(
                """
                tokenizer.json has \(tokenizer.vocabularySize) tokens, \
                but config.json says vocab_size \(model.vocabularySize)
                """)
        }
        let most = min(maximumTokens, model.positionCount)
        guard !tokenizer.encode("", maximumLength: most).ids.isEmpty,
            !tokenizer.encode("", pair: "", maximumLength: most).ids.isEmpty
        else {
            throw .unsuitable(
                "tokenizer.json adds no special tokens to a text, so that of an empty one nothing would be left")
        }
        self.tokenizer = tokenizer
        self.maximumTokens = most
    }

    /// The encoding of `input`, checked against the model that `encoder` serves.
    package func encode(_ input: TextInput, for encoder: TextEncoder) throws(InferenceError) -> Encoding {
        let encoding = tokenizer.encode(input.text, pair: input.textPair, maximumLength: maximumTokens)
        guard !encoding.ids.isEmpty else { throw .unsuitable("the text has no tokens") }
        if let fault = encoder.fault(in: encoding.ids, typeIDs: encoding.typeIDs) {
            throw .unsuitable(fault)
        }
        return encoding
    }
}
