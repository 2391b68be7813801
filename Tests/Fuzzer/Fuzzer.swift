import Foundation
import FuzzEntrances

/// Drives one entrance with libFuzzer: `attuned-fuzz ENTRANCE [OPTION of libFuzzer]... [CORPUS]...`.
@main enum Fuzzer {
    private nonisolated(unsafe) static var entrance = Entrance.lines
    private nonisolated(unsafe) static var folder = ""

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let entrance = Entrance(rawValue: arguments.remove(at: 1)) else {
            print("one of", Entrance.allCases.map(\.rawValue).joined(separator: ", "))
            exit(2)
        }
        self.entrance = entrance
        let scratch = URL(filePath: "/dev/shm/attuned-fuzz-\(getpid())")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        folder = scratch.path(percentEncoded: false)
        var count = Int32(arguments.count)
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { list?[index] = strdup(argument) }
        list?[arguments.count] = nil
        let status = runDriver(&count, &list) { bytes, count in
            let input = Array(UnsafeBufferPointer(start: bytes, count: count))
            do {
                guard let fault = try Fuzzer.entrance.fault(of: input, folder: Fuzzer.folder) else { return 0 }
                print("fault:", fault)
            } catch {
                print("fault: an accepted input cannot be written again:", error)
            }
            abort()
        }
        try? FileManager.default.removeItem(at: scratch)
        exit(status)
    }
}

/// libFuzzer's own loop, which its library has besides a `main` that is not used here.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
