import Foundation
import Learning
import Storage
import Transformer

/// Seeded random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A correction as the journal gives it, made by hand.
func correction(
    _ sequence: Int64, _ text: String, pair: String? = nil, label: String = "yes", weight: Double = 1,
    slice: String? = nil, uid: UInt32 = 1000, state: CorrectionState = .queued, reason: String? = nil,
    change: Int64? = nil, created: Date = Date(timeIntervalSince1970: 1_700_000_000), isPurged: Bool = false,
    isVouchedFor: Bool = false
) -> Correction {
    let content = NewCorrection(
        task: "classification", text: text, textPair: pair, label: label, slice: slice, weight: weight, uid: uid)
    return Correction(
        sequence: sequence, content: content, created: created, state: state, reason: reason,
        digest: content.digest, inputDigest: content.inputDigest, change: change ?? sequence, isPurged: isPurged,
        isVouchedFor: isVouchedFor)
}

/// What a correction is learnt by, without when and as what it came.
struct Taught: Equatable, CustomStringConvertible {
    let text: String
    let label: String
    var description: String { "\(text): \(label)" }

    init(_ correction: Correction) {
        text = correction.content.text
        label = correction.content.label
    }
}

/// A burst's status as it begins.
func status(_ id: Int = 1) -> BurstStatus {
    BurstStatus(
        id: id, state: .running, method: .lora, isRebuild: false, base: 0,
        started: Date(timeIntervalSince1970: 1_700_000_000))
}
