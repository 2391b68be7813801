import Foundation

/// A program that was built with the tests, run to its end.
enum Program {
    /// Its exit code, and what it wrote to both of its outputs.
    static func run(_ name: String, _ arguments: [String]) async throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: try DaemonProcess.binary(name))
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ATTUNED_") }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        let ends = AsyncStream<Int32> { stream in
            process.terminationHandler = { process in
                stream.yield(process.terminationStatus)
                stream.finish()
            }
        }
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        var code: Int32 = -1
        for await end in ends { code = end }
        return (code, String(decoding: data, as: UTF8.self))
    }
}
