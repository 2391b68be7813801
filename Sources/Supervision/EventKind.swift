/// The kinds of events that have an identifier of their own in the journal, and a text in its catalogue.
///
/// A kind is told by its message, which never holds anything variable: that is in the fields.
package enum EventKind: String, CaseIterable, Sendable {
    case serving = "serving"
    case stopped = "stopped"
    case cannotStart = "cannot start"
    case publishedRevision = "published a revision"
    case burstBegins = "a burst begins"
    case burstCameToNothing = "a burst came to nothing"
    case endedWithBurst = "the daemon ended while a burst ran"
    case burstAbandoned = "a burst was abandoned"
    case quarantinedUser = "quarantined a user"
    case publishingStopped = "publishing has stopped"
    case notWritten = "the state was not written"
    case journalSetAside = "a damaged journal was set aside"
    case revisionReplaced = "a revision serves in place of damaged ones"
    case configurationReloaded = "the configuration was read again"
    case configurationRefused = "the configuration was refused"
    case administered = "an administrator's request was met"
    case connectionRefused = "connection refused"
    case learningFailed = "learning failed, trying again later"

    /// The journal's MESSAGE_ID; never changes, and never stands for something else.
    package var identifier: String {
        switch self {
        case .serving: "03e4397db687409dbbac87b318ce2a56"
        case .stopped: "d9362aaadd8c4243ae5ce7384bb1abc5"
        case .cannotStart: "95b0fcde3b1a4248b73ba8a5a6eaf712"
        case .publishedRevision: "66db04e616fd4c78a788c17e21be72aa"
        case .burstBegins: "3cb6117fd3564320adc0f96f4a9cc592"
        case .burstCameToNothing: "d39f7c8b7ee4450197ef937ecaaa5250"
        case .endedWithBurst: "295d8862619e4e1fb8cdae4a3ea9bee1"
        case .burstAbandoned: "87a6ed42834e49f990c3bf1569da8d44"
        case .quarantinedUser: "fbaa88fb386c410da752d6618a112af3"
        case .publishingStopped: "dd2d5f4aeded4fb9a0e1d94f9afafc38"
        case .notWritten: "e2a753d4e2c64d0b924718169fa3ad8e"
        case .journalSetAside: "66a3ec280ad7470f84763d47c42580a2"
        case .revisionReplaced: "8862004f1a0546178fe4104a9c9e290e"
        case .configurationReloaded: "f9240619b6b04d70b65bde25b2e0a535"
        case .configurationRefused: "69f3c4183e2649bf8226a2e5ca4a753e"
        case .administered: "4462e05b8fb34a7499541580a6e2218e"
        case .connectionRefused: "3f86e6b42c294dd9aba089a90e426051"
        case .learningFailed: "a1f3827fbbff4464a2159fd7d7bbadc2"
        }
    }
}
