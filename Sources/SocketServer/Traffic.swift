/// What requests there are, to tell whether one is alone.
///
/// A request that is alone is answered fastest by the thread that has read it: every other thread would first have to be
/// woken. Where there are several, other threads must compute, so that this one reads what can be computed together.
package struct Traffic {
    /// Requests that are being answered, and lines that are being read by tasks.
    package private(set) var tasks = 0
    /// How many of them wait for a burst.
    private var waiting = 0
    /// When there was last more than one request.
    private var lastCompany: ContinuousClock.Instant?
    /// Who was answered at once last, and when.
    private var lastAlone: (connection: UInt64, end: ContinuousClock.Instant)?

    /// So long after there was company a request is not taken to be alone.
    package static let caution = Duration.milliseconds(100)
    /// What comes from another connection so soon after an answer at once has been waiting meanwhile.
    package static let overlap = Duration.milliseconds(1)

    package init() {}

    package mutating func begin() { tasks += 1 }

    /// Notes that one request waits for a burst from now on, until it ends.
    package mutating func wait() { waiting += 1 }

    package mutating func end(hasWaited: Bool = false) {
        tasks -= 1
        if hasWaited { waiting -= 1 }
    }

    /// Whether the request of `connection` that has just begun is the only one.
    package mutating func isAlone(_ connection: UInt64, now: ContinuousClock.Instant = .now) -> Bool {
        let hasWaited = lastAlone.map { $0.connection != connection && now - $0.end < Self.overlap } ?? false
        let busy = tasks - waiting
        if busy > 1 || hasWaited { lastCompany = now }
        return busy == 1 && lastCompany.map { now - $0 >= Self.caution } ?? true
    }

    /// Notes that a request of `connection` has been answered at once.
    package mutating func answeredAtOnce(_ connection: UInt64, now: ContinuousClock.Instant = .now) {
        lastAlone = (connection, now)
    }
}
