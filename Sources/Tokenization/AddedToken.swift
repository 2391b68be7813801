/// A token that is found in the text before it is split into words.
struct AddedToken: Sendable {
    let id: Int32
    let content: String
    /// Only where no word character touches it.
    let isSingleWord: Bool
    /// Takes in the spaces before it.
    let stripsLeft: Bool
    /// Takes in the spaces after it.
    let stripsRight: Bool
    /// Its normal form is looked for in the text's, rather than itself in the text.
    let isNormalized: Bool

    /// - Throws: `TokenizerFault` that names the field that is missing, unknown or of another type.
    init(_ value: JSONValue, at place: String) throws(TokenizerFault) {
        var fields = try JSONFields(value, at: place)
        content = try fields.string("content")
        id = try fields.id("id")
        isSingleWord = try fields.flag("single_word")
        stripsLeft = try fields.flag("lstrip")
        stripsRight = try fields.flag("rstrip")
        isNormalized = try fields.flag("normalized")
        // Special tokens are left out in decoding; in encoding they are like the others.
        _ = try fields.flag("special")
        try fields.finish()
        guard !content.isEmpty else { throw fields.fault("content", "expected a text that is not empty") }
    }
}
