package import Storage
package import Tuning

/// What a record of a burst has besides its columns.
///
/// Records of before have less, and are read all the same; a part that cannot be read is not there, and the others are.
package struct BurstDetails: Codable, Equatable {
    /// What a burst that came to nothing had seen.
    package var attempt: BurstHistory.Attempt?
    /// Why the guard refused it.
    package var report: GuardReport?
    package var isRebuild = false
    /// The count as it was when an administrator went to another revision, whose own is older; nil for a burst.
    package var prequential: Measures.Prequential?

    package init() {}

    /// The details of a record.
    package init(_ record: BurstRecord) { self = (try? record.details.decode(as: Self.self)) ?? Self() }

    /// Whether the record is of no burst but of an administrator's going to another revision.
    package var isActivation: Bool { prequential != nil }

    private enum CodingKeys: String, CodingKey {
        case report = "guard"
        case isRebuild = "rebuild"
        case prequential
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        attempt = try? BurstHistory.Attempt(from: decoder)
        report = try? container.decodeIfPresent(GuardReport.self, forKey: .report)
        isRebuild = (try? container.decodeIfPresent(Bool.self, forKey: .isRebuild)) ?? false
        prequential = try? container.decodeIfPresent(Measures.Prequential.self, forKey: .prequential)
    }

    /// An attempt's fields are beside the others.
    package func encode(to encoder: any Encoder) throws {
        try attempt?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(report, forKey: .report)
        if isRebuild { try container.encode(true, forKey: .isRebuild) }
        try container.encodeIfPresent(prequential, forKey: .prequential)
    }
}
