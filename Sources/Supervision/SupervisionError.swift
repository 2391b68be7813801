/// Why what the service manager handed over cannot be used.
package struct SupervisionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
