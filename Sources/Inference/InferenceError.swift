/// Why an input could not be answered.
package enum InferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing to predict yet.
    case noLabels
    /// The tokenizer and the model do not fit together; the text says where.
    case unsuitable(String)
    /// More is waiting than the engine is willing to queue.
    case overloaded
    /// The engine is stopping.
    case stopping

    package var description: String {
        switch self {
        case .noLabels: "there is nothing to predict yet: configure labels, or send a correction"
        case .unsuitable(let what): what
        case .overloaded: "too many texts are waiting; inference.queuedTexts says how many may"
        case .stopping: "the daemon is shutting down"
        }
    }
}
