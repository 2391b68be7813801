import Testing
import Tuning

@Suite struct `Student's distribution` {
    struct Row: Sendable {
        let probability: Double
        let degrees: [Int: Double]
        let normal: Double
    }

    /// `scipy.stats.t.ppf` and `scipy.stats.norm.ppf` (scipy 1.17).
    static let table = [
        Row(
            probability: 0.84,
            degrees: [
                5: 1.103668273, 9: 1.052515489, 23: 1.016426351, 29: 1.011803501, 39: 1.007299396, 99: 0.9994777648,
                1000: 0.9949526098,
            ], normal: 0.994457883209753),
        Row(
            probability: 0.95,
            degrees: [
                5: 2.015048373, 9: 1.833112933, 23: 1.713871528, 29: 1.699127027, 39: 1.684875122, 99: 1.660391156,
                1000: 1.646378817,
            ], normal: 1.6448536269514722),
        Row(
            probability: 0.99,
            degrees: [
                5: 3.364929999, 9: 2.821437925, 23: 2.499866739, 29: 2.46202136, 39: 2.42584141, 99: 2.364605862,
                1000: 2.330082675,
            ], normal: 2.3263478740408408),
        Row(
            probability: 0.9999,
            degrees: [
                9: 6.010132129, 23: 4.415204713, 29: 4.253894118, 39: 4.104681256, 99: 3.863089107, 1000: 3.732851605,
            ], normal: 3.719016485455709),
    ]

    @Test(arguments: table) func `has the quantiles that scipy has`(row: Row) {
        for (degrees, expected) in row.degrees {
            // The expansion is within 1 % as it says, and from 23 degrees on, the fewest that judge, far closer.
            let tolerance = degrees >= 23 ? 3e-4 : 1e-2
            let quantile = Student.quantile(row.probability, degrees: degrees)
            #expect(abs(quantile / expected - 1) <= tolerance, "\(degrees) degrees: \(quantile), not \(expected)")
            #expect(abs(Student.quantile(1 - row.probability, degrees: degrees) + quantile) <= 1e-9)
        }
        #expect(abs(Student.normalQuantile(row.probability) - row.normal) <= 1e-9)
        #expect(abs(Student.normalQuantile(1 - row.probability) + row.normal) <= 1e-9)
    }

    @Test func `has mean and standard error of a sample`() {
        // The squares around the mean, 5, add up to 32: √(32 / 7 / 8).
        let (mean, error) = Student.mean([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(mean == 5)
        #expect(abs(error - (32.0 / 56).squareRoot()) <= 1e-15)
        #expect(Student.mean([3]) == (3, .infinity))
        #expect(Student.mean([]) == (0, .infinity))
    }
}
