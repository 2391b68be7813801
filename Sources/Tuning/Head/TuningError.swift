/// Why a head cannot be fitted; the text says to what.
package struct TuningError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
