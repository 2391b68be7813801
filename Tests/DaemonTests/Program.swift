import TestSupport

/// A program that was built with the tests, run to its end.
enum Program {
    /// Its exit code, and what it wrote to both of its outputs.
    static func run(_ name: String, _ arguments: [String]) async throws -> (code: Int32, text: String) {
        let (exit, text) = try await ChildProcess.run(try DaemonProcess.binary(name), arguments)
        return (exit.code, text)
    }
}
