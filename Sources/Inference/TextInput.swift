/// What a client asks about: a text, or a pair of texts.
package struct TextInput: Sendable, Hashable {
    package let text: String
    package let textPair: String?

    package init(_ text: String, pair: String? = nil) {
        self.text = text
        textPair = pair
    }
}
