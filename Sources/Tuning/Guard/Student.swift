import Foundation

/// Student's t distribution, as far as comparing means needs it.
package enum Student {
    /// The value below which the share `probability` of the distribution lies.
    ///
    /// By the expansion around the normal quantile (Abramowitz and Stegun 26.7.5): within 1 % from 5 degrees of freedom on
    /// for probabilities up to 0.99, from 9 on up to 0.9999; with fewer it is too small.
    package static func quantile(_ probability: Double, degrees: Int) -> Double {
        let z = normalQuantile(probability)
        let n = Double(max(degrees, 1))
        let z3 = z * z * z
        let z5 = z3 * z * z
        let z7 = z5 * z * z
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
    }

    /// The value below which the share `probability` of the normal distribution lies; by bisection.
    package static func normalQuantile(_ probability: Double) -> Double {
        var low = -10.0
        var high = 10.0
        while high - low > 1e-12 {
            let middle = (low + high) / 2
            if erfc(-middle / 2.0.squareRoot()) / 2 < probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The mean of `values`, and the standard error of that mean; 0 and infinite where there are too few to tell.
    package static func mean(_ values: some Collection<Double>) -> (mean: Double, error: Double) {
        let count = Double(values.count)
        guard values.count > 1 else { return (values.first ?? 0, .infinity) }
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / (count - 1) / count).squareRoot())
    }
}
