import Foundation

/// Comparisons of two samples that hang on order and number alone.
package enum RankTest {
    /// How likely it is that of `count` draws, out of `total` things of which `marked` are marked, `found` or more are marked
    /// ones (Fisher's exact test, one-sided).
    package static func tail(_ found: Int, of count: Int, marked: Int, among total: Int) -> Double {
        let most = min(count, marked)
        guard found <= most else { return 0 }
        let least = max(found, count + marked - total)
        let whole = logBinomial(total, count)
        let sum = (least...most).reduce(0.0) {
            $0 + exp(logBinomial(marked, $1) + logBinomial(total - marked, count - $1) - whole)
        }
        return min(sum, 1)
    }

    /// In which share of all pairs the value of `a` is above that of `b`, of equal ones half, and how many standard
    /// deviations that is above one half if both are drawn alike (Mann and Whitney, 1947).
    package static func compare(_ a: [Double], _ b: [Double]) -> (share: Double, deviations: Double) {
        guard !a.isEmpty, !b.isEmpty else { return (0.5, 0) }
        let sorted = b.sorted()
        /// How many of `b` are below `value`, or, with `orEqual`, not above it.
        func below(_ value: Double, orEqual: Bool) -> Int {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < value || orEqual && sorted[middle] == value {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
        let wins = a.reduce(0.0) {
            $0 + (Double(below($1, orEqual: false)) + Double(below($1, orEqual: true))) / 2
        }
        let (m, n) = (Double(a.count), Double(b.count))
        let share = wins / (m * n)
        return (share, (share - 0.5) / ((m + n + 1) / (12 * m * n)).squareRoot())
    }

    private static func logBinomial(_ n: Int, _ k: Int) -> Double {
        guard k >= 0, k <= n else { return -.infinity }
        return lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
    }
}
