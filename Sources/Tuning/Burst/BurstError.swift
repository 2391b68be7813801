/// Why a burst came to nothing.
package enum BurstError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An example or a setting cannot be used.
    case invalid(String)
    /// A loss or a gradient is not a finite number.
    case diverged(String)
    case cancelled

    package var description: String {
        switch self {
        case .invalid(let reason), .diverged(let reason): reason
        case .cancelled: "the burst was cancelled"
        }
    }
}
