import ArgumentParser
package import AttuneClient
import Foundation
import LineProtocol

/// Why a command failed: words for people, an exit code for programs.
package struct Failure: Error, Equatable {
    /// The exit codes, as `attunectl --help` documents them.
    package enum Code: Int32 {
        case refused = 1
        case malformedFile = 65
        case unreadableFile = 66
        case unreachable = 69
        case tryAgain = 75
        case notUnderstood = 76
    }

    package let code: Code
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a fault of the connection to `socket` or a refusal means here.
    package init(_ error: ClientError, socket: String = "") {
        switch error {
        case .unreachable(let path, let obstacle):
            self.init(
                obstacle == .busy ? .tryAgain : .unreachable,
                "cannot reach the daemon at \(path): \(Self.advice(obstacle, path: path))")
        case .protocolError(let error):
            let isPassing = [.overloaded, .shuttingDown, .durabilityUnknown].contains(error.code)
            let advice = error.reason == .tooManyConnections ? "; close others, or try again later" : ""
            let message = "\(error.message)\(advice) [\(error.code.name), \(error.reason.rawValue)]"
            self.init(isPassing ? .tryAgain : .refused, message)
        case .closed:
            // systemd's socket accepts, and closes when the daemon cannot be started.
            let advice = Self.instance(of: socket).map {
                """
                .
                  Has it failed?     systemctl status attuned@\($0).service
                """
            }
            self.init(.tryAgain, error.description + (advice ?? ""))
        case .timedOut, .cancelled: self.init(.tryAgain, error.description)
        case .malformedReply: self.init(.notUnderstood, error.description)
        case .invalidCall: self.init(.refused, error.description)
        }
    }

    /// Says it on standard error; what to throw to end the command.
    func report() -> ExitCode {
        Console.complain("attunectl: \(message)")
        return ExitCode(code.rawValue)
    }

    /// What to ask systemd about, if `path` is the socket of an instance.
    private static func instance(of path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isInstance = parts.count == 4 && path.hasPrefix("/run/attuned/") && path.hasSuffix(".sock")
        return isInstance ? String(parts[3].dropLast(5)) : nil
    }

    /// How to join those who may open the socket at `path`; the unit's group where that cannot be seen.
    private static func joining(_ path: String) -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = attributes?[.posixPermissions] as? Int ?? 0o660
        // A group that may not open it is of no use, and nobody is to join root's.
        guard mode & 0o020 != 0, attributes?[.groupOwnerAccountID] as? Int != 0 else { return "" }
        let group = attributes?[.groupOwnerAccountName] as? String ?? "attuned-clients"
        return "\n  To join them:      sudo usermod -aG \(group) \(NSUserName())  (then log in anew)"
    }

    private static func advice(_ obstacle: ClientError.Obstacle, path: String) -> String {
        let instance = instance(of: path)
        switch obstacle {
        case .noSuchFile:
            guard let instance else { return "there is no such socket. Is the daemon running, with --socket \(path)?" }
            return """
                there is no such socket.
                  To have one:       systemctl enable --now attuned@\(instance).socket
                  Has it failed?     systemctl status attuned@\(instance).socket attuned@\(instance).service
                  Is it elsewhere?   --socket PATH, --instance NAME, or $ATTUNED_SOCKET
                """
        case .refused:
            guard let instance else { return "nobody listens there any more. The daemon has stopped; start it again." }
            return """
                nobody listens there any more.
                  Has it failed?     systemctl status attuned@\(instance).socket attuned@\(instance).service
                  After repair:      systemctl reset-failed 'attuned@\(instance).*'; \
                systemctl start attuned@\(instance).socket
                """
        case .permissionDenied:
            return """
                this user may not open it.
                  Who may?           ls -l \(path)\(joining(path))
                """
        case .notASocket: return "this is not a socket."
        case .pathTooLong: return "the path is too long for a socket, or empty."
        case .busy: return "it does not accept connections in time; it is overloaded or hangs."
        case .system(let number): return String(cString: strerror(number))
        }
    }
}
