/// What requests there are, to tell whether one is alone.
///
/// A request that is alone is answered fastest by the thread that has read it: every other thread would first have to be
/// woken. Where there are several, other threads must compute, so that this one reads what can be computed together.
package struct Traffic {
    /// Requests that are being answered, and lines that are being read by tasks.
    package private(set) var tasks = 0
    /// How many of them are no company: they wait for a burst, or the daemon asks itself.
    private var aside = 0
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

    /// Notes that one of the requests is no company from now on, until it ends.
    package mutating func setAside() { aside += 1 }

    package mutating func end(isAside: Bool = false) {
        tasks -= 1
        if isAside { aside -= 1 }
    }

    /// Notes that something has come from `connection`, be it a whole request or not.
    package mutating func heard(from connection: UInt64, now: ContinuousClock.Instant = .now) {
        if let lastAlone, lastAlone.connection != connection, now - lastAlone.end < Self.overlap { lastCompany = now }
    }

    /// Whether the request that has just begun is the only one.
    package mutating func isAlone(now: ContinuousClock.Instant = .now) -> Bool {
        if tasks - aside > 1 { lastCompany = now }
        return tasks - aside == 1 && lastCompany.map { now - $0 >= Self.caution } ?? true
    }

    /// Notes that a request of `connection` has been answered at once, and whether it has sent more meanwhile.
    package mutating func answeredAtOnce(
        _ connection: UInt64, hasMore: Bool, now: ContinuousClock.Instant = .now
    ) {
        lastAlone = (connection, now)
        if hasMore { lastCompany = now }
    }
}
