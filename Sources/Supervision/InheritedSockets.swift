import CSystemd
import Glibc

/// The listening sockets that a `.socket` unit opened for this process.
package enum InheritedSockets {
    /// Takes over the sockets that systemd passed, in the unit's order; none where the daemon was started by hand.
    ///
    /// They were meant for this process only if `LISTEN_PID` names it. They are marked close-on-exec, and the
    /// environment forgets them, so that no child takes them for its own. Hence call it once, while the process has one
    /// thread, and after `Processor.chooseKernels()`, which executes the process again.
    ///
    /// - Throws: `SupervisionError` if a descriptor is anything but a listening stream socket of the Unix domain.
    package static func take() throws(SupervisionError) -> [Int32] {
        let count = sd_listen_fds(1)
        guard count >= 0 else {
            throw SupervisionError("LISTEN_FDS or LISTEN_PID is malformed: \(describe(errno: -count))")
        }
        let descriptors = (0..<count).map { SD_LISTEN_FDS_START + $0 }
        for descriptor in descriptors { try check(descriptor) }
        return descriptors
    }

    /// Checks that `descriptor` is a listening stream socket of the Unix domain.
    package static func check(_ descriptor: Int32) throws(SupervisionError) {
        let answer = sd_is_socket_unix(descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0)
        if answer < 0 {
            throw SupervisionError("inherited descriptor \(descriptor): \(describe(errno: -answer))")
        }
        if answer == 0 {
            throw SupervisionError(
                "inherited descriptor \(descriptor) is not a listening Unix stream socket; "
                    + "the socket unit needs ListenStream= with a path, and Accept=no"
            )
        }
    }

    private static func describe(errno code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
