extension TuningMethod {
    /// The method's name without its numbers, as manifests and the wire have it.
    package enum Name: String, Sendable, Codable, CaseIterable {
        case head, bias, lora, full
        case topLayers = "top-layers"
    }

    package var name: Name {
        switch self {
        case .head: .head
        case .bias: .bias
        case .lora: .lora
        case .topLayers: .topLayers
        case .full: .full
        }
    }
}

extension TuningMethod: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, layers, adapter
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self =
            switch try container.decode(Name.self, forKey: .name) {
            case .head: .head
            case .bias: .bias
            case .full: .full
            case .lora: .lora(try container.decode(LowRankPlan.self, forKey: .adapter))
            case .topLayers: .topLayers(try Self.layers(in: container))
            }
    }

    private static func layers(in container: KeyedDecodingContainer<CodingKeys>) throws -> Int {
        let count = try container.decode(Int.self, forKey: .layers)
        guard count > 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .layers, in: container, debugDescription: "a number of layers is positive")
        }
        return count
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        switch self {
        case .lora(let plan): try container.encode(plan, forKey: .adapter)
        case .topLayers(let count): try container.encode(count, forKey: .layers)
        case .head, .bias, .full: break
        }
    }
}

extension LowRankPlan: Codable {
    private enum CodingKeys: String, CodingKey {
        case rank, alpha, targets
    }

    /// No layer has more rows or columns, and so many can be multiplied by those without overflow.
    private static let largestRank = 1 << 16

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let rank = try container.decode(Int.self, forKey: .rank)
        guard (1...Self.largestRank).contains(rank) else {
            throw DecodingError.dataCorruptedError(
                forKey: .rank, in: container, debugDescription: "a rank is from 1 to \(Self.largestRank)")
        }
        self.init(
            rank: rank, alpha: try container.decode(Float.self, forKey: .alpha),
            targets: try container.decode([String].self, forKey: .targets))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rank, forKey: .rank)
        try container.encode(alpha, forKey: .alpha)
        try container.encode(targets, forKey: .targets)
    }
}
