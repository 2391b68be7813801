import CLinux
import Foundation
import Synchronization

/// A program that a test started.
///
/// Foundation's `Process` is not used: what another thread opens while it starts a child stays open in that child, so that
/// a test waits for the end of a pipe that some other test's daemon holds, and `waitUntilExit` blocks a thread of the
/// concurrency pool. Here the child is given three descriptors and no other, and a thread of its own waits for its end.
package final class ChildProcess: Sendable {
    /// How a program ended.
    package struct Exit: Equatable, Sendable {
        /// The exit code, or the signal's number.
        package let code: Int32
        package let wasSignalled: Bool

        package init(code: Int32, wasSignalled: Bool) {
            self.code = code
            self.wasSignalled = wasSignalled
        }
    }

    /// Thrown when a program cannot be started.
    package struct DidNotStart: Error, CustomStringConvertible {
        let program: String
        let code: Int32
        package var description: String { "\(program): \(String(cString: strerror(code)))" }
    }

    private enum State {
        case running([CheckedContinuation<Exit, Never>])
        case ended(Exit)
    }

    private let id: pid_t
    private let state = Mutex(State.running([]))

    /// Starts `program`, a path.
    ///
    /// Its environment is this process's less the daemon's settings, unless it is given another.
    /// Descriptors that are nil are /dev/null to it; those of `others` are its third and on.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = defaultEnvironment,
        input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil, others: [Int32] = []
    ) throws {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        // Copies out of the way, so that none is replaced before it has been passed on.
        let descriptors = ([input, output, errors] + others).map { fcntl($0 ?? null, F_DUPFD_CLOEXEC, 64) }
        defer { for descriptor in descriptors + [null] { close(descriptor) } }
        let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in words + variables { free(string) } }
        var id: pid_t = 0
        let code = clinux_spawn(program, words, variables, descriptors, Int32(descriptors.count), &id)
        guard code == 0 else { throw DidNotStart(program: program, code: code) }
        self.id = id
        Thread.detachNewThread { [self] in reap() }
    }

    package static var defaultEnvironment: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ATTUNED_") }
    }

    /// Runs `program` to its end: how it ended, and what it wrote to both of its outputs.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = defaultEnvironment
    ) async throws -> (exit: Exit, text: String) {
        // A file rather than a pipe: nobody has to read along.
        let path = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let output = try FileHandle(forWritingTo: path)
        let child = try ChildProcess(
            program, arguments, environment: environment, output: output.fileDescriptor, errors: output.fileDescriptor)
        let exit = await child.exit()
        try output.close()
        return (exit, String(decoding: try Data(contentsOf: path), as: UTF8.self))
    }

    /// Sends `signal` unless the program has ended.
    package func signal(_ signal: Int32) {
        state.withLock { if case .running = $0 { kill(id, signal) } }
    }

    /// Kilobytes that the system says it has in memory, by the name of the field in /proc/…/status, such as RssAnon.
    package func memory(_ field: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// How the program ended, once it has.
    package func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> Exit? in
                switch state {
                case .ended(let exit): return exit
                case .running(let waiters):
                    state = .running(waiters + [continuation])
                    return nil
                }
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    private func reap() {
        // Waits without reaping, so that no signal can reach another process that has been given the number since.
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (waiters, exit) = state.withLock { state in
            var status: Int32 = 0
            waitpid(id, &status, 0)
            let signal = status & 0x7f
            let exit = Exit(code: signal == 0 ? status >> 8 & 0xff : signal, wasSignalled: signal != 0)
            defer { state = .ended(exit) }
            if case .running(let waiters) = state { return (waiters, exit) }
            return ([], exit)
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
