/// The limits of the protocol, which `server/discover` reports.
public enum Limits {
    /// Bytes of a request's line without its terminator.
    public static let lineBytes = 1 << 20
    /// Levels of arrays and objects within each other.
    public static let depth = 32
    /// Requests of one connection that are worked on at once; past that the server stops reading.
    public static let inFlight = 16
    /// Connections in all.
    public static let connections = 256
    /// Connections of one user; root is exempt.
    public static let connectionsPerUser = 64
    /// Elements of `inputs`.
    public static let inputs = 4096
    /// Bytes of a text.
    public static let textBytes = 256 << 10
    /// Bytes of a reply.
    public static let replyBytes = 64 << 20
    /// Bytes of a label, a slice's name or an idempotency key.
    public static let nameBytes = 256
    /// Corrections in one page of `corrections/list`.
    public static let page = 1000
    /// The largest weight of a correction.
    public static let weight = 100.0
    /// The largest seed of a burst: what every JSON reader takes for the integer that it is.
    public static let seed = (1 << 53) - 1
    /// Characters of a number.
    static let numberBytes = 128
}
