/// The methods, by their names on the wire.
public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    case discover = "server/discover"
    case predict
    case embed
    case submitCorrection = "corrections/submit"
    case getCorrection = "corrections/get"
    case listCorrections = "corrections/list"
    case retractCorrection = "corrections/retract"
    case releaseCorrections = "corrections/release"
    case startTuning = "tuning/start"
    case tuningStatus = "tuning/status"
    case cancelTuning = "tuning/cancel"
    case listRevisions = "revisions/list"
    case getRevision = "revisions/get"
    case activateRevision = "revisions/activate"
    case pinRevision = "revisions/pin"
    case reloadConfiguration = "configuration/reload"
    case snapshotState = "state/snapshot"
    case status
    case metrics
    case evaluate

    /// The role that a peer needs; whether a `teach`er may retract a correction depends also on whose it is.
    public var role: Role {
        switch self {
        case .discover, .predict, .embed, .listRevisions, .getRevision, .status, .metrics: .predict
        case .submitCorrection, .getCorrection, .listCorrections, .retractCorrection, .tuningStatus, .cancelTuning,
            .evaluate:
            .teach
        case .releaseCorrections, .startTuning, .activateRevision, .pinRevision, .reloadConfiguration,
            .snapshotState:
            .admin
        }
    }
}
