import Foundation

/// A bar on standard error that shows how far a file has come; nothing where nobody watches.
struct ProgressBar {
    private let total: Int
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var done = 0
    private var lastShown: ContinuousClock.Instant?

    init(total: Int, isShown: Bool = Console.isErrorTerminal) {
        self.total = total
        self.isShown = isShown && total > 0
    }

    /// Counts `count` more, and draws at most ten times a second.
    mutating func advance(by count: Int = 1) {
        done += count
        guard isShown else { return }
        let now = ContinuousClock.now
        if let lastShown, done < total, now - lastShown < .milliseconds(100) { return }
        lastShown = now
        let share = Double(done) / Double(total)
        let elapsed = max((now - start) / .seconds(1), 0.001)
        let bar = Text.bar(share, width: 30)
        let space = String(repeating: "░", count: 30 - bar.count)
        let rest = Text.duration(elapsed / max(share, 1e-9) - elapsed)
        let rate = Int(Double(done) / elapsed)
        Console.show("\r\u{1B}[K\(bar)\(space) \(done)/\(total), \(rate)/s, \(rest) left")
    }

    /// Wipes the bar.
    func finish() {
        if isShown { Console.show("\r\u{1B}[K") }
    }
}
