/// Why a tokenizer cannot be used; the text names the file, the component in it and what was expected.
package struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// What is wrong with a tokenizer, without the path, which the one who knows it adds.
struct TokenizerFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
