/// A request that has been understood: its method with parameters that are complete and in range.
public enum Call: Sendable, Hashable {
    case discover
    case predict(PredictParameters)
    case embed(EmbedParameters)
    case submitCorrection(SubmitParameters)
    case getCorrection(sequence: Int)
    case listCorrections(ListCorrectionsParameters)
    case retractCorrection(RetractParameters)
    case releaseCorrections(ReleaseParameters)
    case startTuning(StartTuningParameters)
    case tuningStatus
    case cancelTuning
    case listRevisions
    case getRevision(Int)
    case activateRevision(ActivateParameters)
    case pinRevision(PinParameters)
    case reloadConfiguration
    /// Makes a consistent copy of the state beside it, for a backup to fetch.
    case snapshotState
    case status
    case metrics
    case evaluate(EvaluateParameters)

    /// Reads the parameters of a method; the error names the one that is unknown, missing or wrong.
    package init(method name: String, parameters: JSONObject) throws(ProtocolError) {
        guard let method = Method(rawValue: name) else {
            throw ProtocolError(.methodNotFound, .unknownMethod, "there is no method \(name.quoted)")
        }
        try self.init(method, parameters)
    }

    /// Reads the parameters of a method; the error names the one that is unknown, missing or wrong.
    package init(_ method: Method, _ parameters: JSONObject) throws(ProtocolError) {
        switch method {
        case .predict: self = .predict(try PredictParameters(parameters))
        case .embed: self = .embed(try EmbedParameters(parameters))
        case .submitCorrection: self = .submitCorrection(try SubmitParameters(parameters))
        case .getCorrection:
            let reader = try ParameterReader(parameters, of: method, taking: ["sequence"])
            self = .getCorrection(sequence: try reader.sequence("sequence"))
        case .listCorrections: self = .listCorrections(try ListCorrectionsParameters(parameters))
        case .retractCorrection: self = .retractCorrection(try RetractParameters(parameters))
        case .releaseCorrections: self = .releaseCorrections(try ReleaseParameters(parameters))
        case .startTuning: self = .startTuning(try StartTuningParameters(parameters))
        case .getRevision:
            let reader = try ParameterReader(parameters, of: method, taking: ["revision"])
            self = .getRevision(try reader.revision("revision"))
        case .activateRevision: self = .activateRevision(try ActivateParameters(parameters))
        case .pinRevision: self = .pinRevision(try PinParameters(parameters))
        case .evaluate: self = .evaluate(try EvaluateParameters(parameters))
        case .discover, .tuningStatus, .cancelTuning, .listRevisions, .reloadConfiguration, .snapshotState, .status,
            .metrics:
            _ = try ParameterReader(parameters, of: method, taking: [])
            self = Self.bare(method)
        }
    }

    /// The call of a method without parameters.
    private static func bare(_ method: Method) -> Call {
        switch method {
        case .discover: .discover
        case .tuningStatus: .tuningStatus
        case .cancelTuning: .cancelTuning
        case .listRevisions: .listRevisions
        case .reloadConfiguration: .reloadConfiguration
        case .snapshotState: .snapshotState
        case .metrics: .metrics
        default: .status
        }
    }

    /// The method that is called.
    public var method: Method {
        switch self {
        case .discover: .discover
        case .predict: .predict
        case .embed: .embed
        case .submitCorrection: .submitCorrection
        case .getCorrection: .getCorrection
        case .listCorrections: .listCorrections
        case .retractCorrection: .retractCorrection
        case .releaseCorrections: .releaseCorrections
        case .startTuning: .startTuning
        case .tuningStatus: .tuningStatus
        case .cancelTuning: .cancelTuning
        case .listRevisions: .listRevisions
        case .getRevision: .getRevision
        case .activateRevision: .activateRevision
        case .pinRevision: .pinRevision
        case .reloadConfiguration: .reloadConfiguration
        case .snapshotState: .snapshotState
        case .status: .status
        case .metrics: .metrics
        case .evaluate: .evaluate
        }
    }

    /// The parameters to send, or nil if the method takes none.
    package var parameters: (any Encodable)? {
        switch self {
        case .predict(let parameters): parameters
        case .embed(let parameters): parameters
        case .submitCorrection(let parameters): parameters
        case .getCorrection(let sequence): JSONValue.object(["sequence": .integer(Int64(sequence))])
        case .listCorrections(let parameters): parameters
        case .retractCorrection(let parameters): parameters
        case .releaseCorrections(let parameters): parameters
        case .startTuning(let parameters): parameters
        case .getRevision(let revision): JSONValue.object(["revision": .integer(Int64(revision))])
        case .activateRevision(let parameters): parameters
        case .pinRevision(let parameters): parameters
        case .evaluate(let parameters): parameters
        case .discover, .tuningStatus, .cancelTuning, .listRevisions, .reloadConfiguration, .snapshotState, .status,
            .metrics:
            nil
        }
    }

    /// The line that makes this call, with its terminator.
    package func line(id: RequestID, progressToken: RequestID? = nil) throws -> [UInt8] {
        var bytes = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        try LineEncoder.encode(id, into: &bytes)
        bytes += #","method":"#.utf8
        try LineEncoder.encode(method.rawValue, into: &bytes)
        if parameters != nil || progressToken != nil {
            bytes += #","params":"#.utf8
            if let parameters { try LineEncoder.encode(parameters, into: &bytes) } else { bytes += "{}".utf8 }
            if let progressToken {
                bytes.removeLast()
                if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
                bytes += #""progressToken":"#.utf8
                try LineEncoder.encode(progressToken, into: &bytes)
                bytes.append(UInt8(ascii: "}"))
            }
        }
        bytes += "}\n".utf8
        return bytes
    }
}
