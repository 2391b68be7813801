import Tensors
import Transformer
import Tuning

/// One thing that can be configured: in the file, by the environment, or by an option.
struct Setting: Sendable {
    /// What values a setting takes.
    enum Kind: Sendable, Equatable {
        case text
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
        case list
        case choice([String])
        /// One or more of them.
        case choices([String])

        var isList: Bool {
            switch self {
            case .list, .choices: true
            case .text, .integer, .number, .flag, .choice: false
            }
        }

        /// The kind in words, for errors and `--help`.
        var words: String {
            switch self {
            case .text: "a text"
            case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
            case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
            case .flag: "true or false"
            case .list: "a list of texts"
            case .choice(let choices): "one of " + choices.joined(separator: ", ")
            case .choices(let choices): "a list of some of " + choices.joined(separator: ", ")
            }
        }
    }

    /// The path in the file, parts joined by dots.
    let key: String
    let kind: Kind
    /// The value where nobody gives one, as the environment would state it; nil for none.
    let fallback: String?
    let summary: String

    /// The variable that overrides the file: `inference.batchTokens` is `ATTUNED_INFERENCE_BATCH_TOKENS`.
    var variable: String {
        var name = "ATTUNED_"
        for character in key {
            if character == "." {
                name += "_"
            } else {
                if character.isUppercase { name += "_" }
                name += character.uppercased()
            }
        }
        return name
    }

    /// Whether a reload applies a new value, or only a restart does.
    var isLive: Bool {
        switch key {
        case "labels", "learning.idleSeconds", "log.level": true
        case "tuning.holdoutShare": false
        default: ["tuning.", "limits.", "roles."].contains { key.hasPrefix($0) }
        }
    }

    private init(_ key: String, _ kind: Kind, _ summary: String, otherwise fallback: String? = nil) {
        self.key = key
        self.kind = kind
        self.fallback = fallback
        self.summary = summary
    }

    /// All settings, in the order in which they are documented.
    static let all: [Setting] = [
        Setting("model", .text, "Model directory in the Hugging Face layout; never written to."),
        Setting("stateDirectory", .text, "Where corrections and revisions are kept."),
        Setting("socket", .text, "Path of the Unix-domain socket; not needed when systemd passes one."),
        Setting("labels", .list, "Labels that can be answered before any correction names them."),
        Setting("name", .text, "Name of the model in answers; by default the model directory's own."),
        Setting(
            "inference.threads", .integer(0...256),
            "Threads that compute answers in batches; 0 for one a processor, at most 8.",
            otherwise: "0"),
        Setting(
            "inference.precision", .choice(WeightPrecision.allCases.map(\.rawValue)),
            "What answers are computed with: fp32; bf16, about twice as fast; int8, faster still and less exact.",
            otherwise: "bf16"),
        Setting("inference.batchTokens", .integer(16...65_536), "Most tokens computed together.", otherwise: "512"),
        Setting(
            "inference.queuedTexts", .integer(1...10_000_000),
            "Most texts waiting to be computed; past it, requests are refused as overloaded.", otherwise: "65536"),
        Setting(
            "learning.enabled", .flag,
            "Whether corrections are learnt; they are journalled in any case.", otherwise: "true"),
        Setting(
            "learning.idleSeconds", .number(0...86_400),
            "Rest after the last correction before a thorough refit.", otherwise: "1"),
        Setting(
            "tuning.enabled", .flag,
            "Whether the body is tuned in bursts by itself, and not only the head.", otherwise: "true"),
        Setting(
            "tuning.method", .choice(["head", "bias", "lora", "top-layers", "full"]),
            "What a burst may change of the body.", otherwise: "lora"),
        Setting("tuning.rank", .integer(1...512), "Rank of a new LoRA adapter.", otherwise: "8"),
        Setting("tuning.alpha", .number(0.001...4_096), "Alpha of a new LoRA adapter.", otherwise: "16"),
        Setting(
            "tuning.targets", .choices(LowRankPlan.layers),
            "Linear layers that a new LoRA adapter is added to, by the end of their names; pooler.dense is there in models "
                + "alone whose features the pooler makes.",
            otherwise: LowRankPlan.allLinear.joined(separator: ",")),
        Setting(
            "tuning.members", .integer(1...16),
            "LoRA adapters that a burst trains, on as many threads as there are, to serve their mean; from 2 on, "
                + "four times as many below 16 labels, and fewer where there is no time for all.",
            otherwise: "2"),
        Setting(
            "tuning.topLayers", .integer(1...1_024), "Layers that the method top-layers trains.", otherwise: "2"),
        Setting(
            "tuning.trainEmbeddings", .flag,
            "Whether the method full trains the embeddings, too, and bias their norm's bias.", otherwise: "false"),
        Setting(
            "tuning.schedule", .choice(LearningRateSchedule.Shape.allCases.map(\.rawValue)),
            "How a burst's learning rate comes down after the warm-up.", otherwise: "linear"),
        Setting(
            "tuning.layerDecay", .number(0.01...1),
            "What a layer's learning rate is multiplied by for every layer between it and the top.", otherwise: "1"),
        Setting(
            "tuning.pull", .number(0...100),
            "Pull towards the base model's weights (L2-SP), times the learning rate at each step; with LoRA, of what is "
                + "added towards nothing.",
            otherwise: "0"),
        Setting(
            "tuning.checkInterval", .integer(0...1_000_000),
            "Steps after which a burst looks, again and again, whether it answers all its corrections rightly and surely, "
                + "and then ends; 0 for never.",
            otherwise: "0"),
        Setting(
            "tuning.startAfter", .integer(2...1_000_000),
            "Corrections new to the body from which on a burst starts when they rest; no fewer than a quarter of what "
                + "it has learnt, or a tenth where there are more than 4096.",
            otherwise: "48"),
        Setting(
            "tuning.longestWaitSeconds", .number(1...86_400),
            "How long corrections may wait for a burst while others keep coming.", otherwise: "300"),
        Setting(
            "tuning.longestBurstSeconds", .number(1...86_400),
            "How long a burst's training may take, by an estimate made when it starts; not that of a rebuild, which "
                + "goes over all corrections.",
            otherwise: "300"),
        Setting(
            "tuning.holdoutShare", .integer(2...1_000),
            "One correction of so many is held back from the body, to judge it by.", otherwise: "10"),
        Setting(
            "tuning.replay", .integer(0...1_000_000),
            "Earlier corrections that a burst mixes in at most; 0 for none.", otherwise: "2048"),
        Setting(
            "tuning.guardMargin", .number(0...10),
            "By how much, in nats, the log-loss of a new body may be worse on the holdout; twice that below 100.",
            otherwise: "0.05"),
        Setting(
            "tuning.guardConfidence", .number(0.5...0.9999),
            "One-sided confidence of the guard's comparisons.", otherwise: "0.84"),
        Setting("revisions.keep", .integer(2...100_000), "Revisions kept besides pinned ones.", otherwise: "64"),
        Setting(
            "revisions.keepBodies", .integer(1...1_000), "Different bodies kept besides pinned ones.", otherwise: "8"),
        Setting("limits.connections", .integer(1...65_536), "Most connections at a time.", otherwise: "256"),
        Setting(
            "limits.connectionsPerUser", .integer(1...65_536),
            "Most connections of one user; root is exempt.", otherwise: "64"),
        Setting(
            "limits.requestsPerConnection", .integer(1...1_024),
            "Most requests of a connection in flight.", otherwise: "16"),
        Setting(
            "limits.waitingPerConnection", .integer(1...65_536),
            "Most requests of a connection that wait for learning; past it, no more are read.", otherwise: "1024"),
        Setting(
            "limits.unreadBytes", .integer(4_096...1_073_741_824),
            "Bytes of replies that a client may leave unread before no more of its requests are read.",
            otherwise: "262144"),
        Setting(
            "limits.unreadBytesInAll", .integer(1_048_576...1_099_511_627_776),
            "Bytes of replies that all clients together may leave unread; past it, those beyond limits.unreadBytes get "
                + "an error for a long reply.",
            otherwise: "268435456"),
        Setting(
            "limits.replyBytes", .integer(1_048_576...1_073_741_824), "Longest reply, in bytes.",
            otherwise: "67108864"),
        Setting("limits.inputs", .integer(1...4_096), "Most inputs or examples of a request.", otherwise: "4096"),
        Setting("limits.textBytes", .integer(1...16_777_216), "Longest text, in bytes of UTF-8.", otherwise: "262144"),
        Setting("limits.lineBytes", .integer(1_024...16_777_216), "Longest line, in bytes.", otherwise: "1048576"),
        Setting("limits.labels", .integer(1...100_000), "Most different labels.", otherwise: "1000"),
        Setting("limits.labelBytes", .integer(1...256), "Longest label, in bytes of UTF-8.", otherwise: "256"),
        Setting(
            "limits.corrections", .integer(1...10_000_000),
            "Most corrections that are neither superseded nor retracted; past it, more are refused.",
            otherwise: "500000"),
        Setting(
            "limits.journalBytes", .integer(1_048_576...1_099_511_627_776),
            "Size of the journal past which corrections are refused.", otherwise: "4294967296"),
        Setting(
            "limits.stateBytes", .integer(1_048_576...1_099_511_627_776),
            "Size of the state directory past which corrections are refused.", otherwise: "68719476736"),
        Setting("roles.predict", .list, "Further users and groups that may predict: names, ids, or @group."),
        Setting("roles.teach", .list, "Further users and groups that may teach."),
        Setting("roles.admin", .list, "Further users and groups that may administer."),
        Setting(
            "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            "Least level that is logged.", otherwise: "info"),
    ]
}
