import Testing
import Tuning

/// How often the guard errs where differences are normally distributed, by simulation.
@Suite struct `The guard's errors` {
    private static let trials = 3000

    /// The share of simulated comparisons with these true differences for which `holds`.
    private func share(
        _ count: Int, mean: Double, deviation: Double, seed: UInt64, slices: Int = 0,
        _ holds: (GuardReport) -> Bool
    ) -> Double {
        var random = TestRandom(state: seed)
        var made = GuardCase([Double](repeating: 0, count: count))
        if slices > 0 {
            for index in 0..<count { made.slices[testKey(index)] = "slice \(index % slices)" }
        }
        var held = 0
        for _ in 0..<Self.trials {
            made.candidate = (0..<count).map { _ in 1 + mean + deviation * Double(random.normal()) }
            if holds(made.judge()) { held += 1 }
        }
        return Double(held) / Double(Self.trials)
    }

    /// Four standard errors of a share of all trials.
    private func tolerance(_ share: Double) -> Double {
        4 * (share * (1 - share) / Double(Self.trials)).squareRoot()
    }

    @Test(arguments: [24, 120]) func `accepting what is worse by the margin has the stated probability`(count: Int) {
        let margin = GuardSettings().margin(examples: count)
        let accepted = share(count, mean: margin, deviation: 0.4, seed: 1) { $0.isAccepted }
        #expect(abs(accepted - 0.16) <= tolerance(0.16), "\(accepted)")
        // Worse by twice the margin: P(Z < −0.99446 − margin / error), 0.013 and 0.009.
        let worse = share(count, mean: 2 * margin, deviation: 0.4, seed: 2) { $0.isAccepted }
        #expect(worse <= 0.03, "\(worse)")
    }

    /// 1 − Φ(margin / error − 0.99446), from scipy; Student's distribution adds up to 0.01 for 24 examples.
    @Test(arguments: [(24, 0.2, 0.0728), (24, 0.4, 0.4089), (120, 0.2, 0.0406), (120, 0.4, 0.3539), (480, 0.4, 0.0406)])
    func `refusing what is equal is as likely as the few examples make it`(
        count: Int, deviation: Double, expected: Double
    ) {
        let refused = share(count, mean: 0, deviation: deviation, seed: 3) { !$0.isAccepted }
        #expect(abs(refused - expected) <= tolerance(expected) + (count < 50 ? 0.012 : 0.003), "\(refused)")
    }

    @Test func `any of ten groups that is worse by the margin is found worse as seldom as one would be`() {
        let found = share(400, mean: 0.05, deviation: 0.4, seed: 4, slices: 10) { report in
            report.groups.contains { $0.lowerBound > 0.05 }
        }
        // Of ten independent ones 1 − (1 − 0.016)¹⁰.
        #expect(abs(found - 0.149) <= tolerance(0.149), "\(found)")
    }
}
