/// What a peer may do.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Ask.
    case predict
    /// Correct, and watch the learning.
    case teach
    /// Decide what serves.
    case admin
}
