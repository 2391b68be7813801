/// Why a file is not a usable safetensors file or checkpoint; the text names the file, the tensor and what was expected.
package struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }
}
