/// A place where bytes that others made come in: what the fuzzers drive, and what the tests feed with their finds.
package enum Entrance: String, CaseIterable, Sendable {
    /// A stream of bytes that is cut into lines.
    case lines
    /// One line of a client.
    case request
    /// A model's weights.
    case safetensors
    /// tokenizer.json; what comes after a NUL is a text to encode with it.
    case tokenizer
    /// config.json.
    case configuration
    /// revision.json.
    case manifest
    /// adapter_config.json.
    case adapter

    /// Reads `bytes` as the daemon would, and uses what was read.
    ///
    /// To refuse them is fine; to accept them and then not to be able to keep what that promises is not.
    /// - Parameter folder: where a file may be written, of one caller at a time.
    /// - Returns: the promise that was broken, or nil.
    package func fault(of bytes: [UInt8], folder: String) throws -> String? {
        switch self {
        case .lines: Self.lines(bytes)
        case .request: try Self.request(bytes)
        case .safetensors: try Self.safetensors(bytes, folder)
        case .tokenizer: Self.tokenizer(bytes)
        case .configuration: try Self.configuration(bytes, folder)
        case .manifest: try Self.manifest(bytes)
        case .adapter: try Self.adapter(bytes, folder)
        }
    }
}
