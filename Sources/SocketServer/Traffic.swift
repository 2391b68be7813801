import NIOCore

/// What requests there are, to tell whether one is alone.
///
/// A request that is alone is answered fastest by the thread that has read it: every other thread would first have to be
/// woken. Where there are several, other threads must compute, so that this one can read what can be computed together.
struct Traffic {
    /// Requests that are being answered by tasks, or read.
    private(set) var tasks = 0
    /// When there was last more than one request.
    private var lastCompany: NIODeadline?
    /// Who was answered at once last, and when.
    private var lastAlone: (connection: UInt64, end: NIODeadline)?

    /// So long after there was company a request is not taken to be alone.
    private static let caution = TimeAmount.milliseconds(100)
    /// What comes from another connection so soon after an answer at once came while that was computed.
    private static let overlap = TimeAmount.milliseconds(1)

    mutating func begin() { tasks += 1 }

    mutating func end() { tasks -= 1 }

    /// Whether the request of `connection` that has just begun is the only one.
    mutating func isAlone(_ connection: UInt64, now: NIODeadline = .now()) -> Bool {
        let waited = lastAlone.map { $0.connection != connection && now - $0.end < Self.overlap } ?? false
        if tasks > 1 || waited { lastCompany = now }
        return tasks == 1 && lastCompany.map { now - $0 >= Self.caution } ?? true
    }

    /// Notes that a request of `connection` has been answered at once.
    mutating func answeredAtOnce(_ connection: UInt64, now: NIODeadline = .now()) { lastAlone = (connection, now) }
}
