/// Why a model directory cannot be used; the text names the file and what was expected in it.
package struct ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Code: String, Sendable {
        case unreadable, malformed, unsupported, missingTensor, unusedTensor, wrongShape
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
