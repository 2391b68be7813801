import Inference
import Storage
import Transformer
import Tuning

/// The live corrections with their features, kept up to date from the journal's changes.
///
/// Used by the learner's actor alone; features are computed on its queue.
final class CorrectionTable {
    private struct Member {
        let digest: ContentDigest
        let label: String
    }

    private let extractor: FeatureExtractor
    private(set) var examples: HeadExamples
    /// The corrections in `examples`.
    private(set) var set = CorrectionSet()
    /// Corrections that must not have left a trace in what serves.
    private(set) var retracted = SequenceSet()
    /// Last change of the journal that has been read.
    private(set) var cursor: Int64 = 0
    private var members: [Int64: Member] = [:]
    private var labelCounts: [String: Int] = [:]
    private var names: [String: [Float]] = [:]

    init(pipeline: TextPipeline, body: Body) {
        extractor = FeatureExtractor(pipeline: pipeline, body: body)
        examples = HeadExamples(featureCount: body.encoder.featureCount)
    }

    /// Labels that live corrections use.
    var labels: some Collection<String> { labelCounts.keys }

    /// Takes in `changes`, in the order of their change numbers; the corrections that cannot be encoded, and why.
    func apply(_ changes: [Correction]) throws -> [(sequence: Int64, reason: String)] {
        var arriving: [Correction] = []
        for correction in changes {
            cursor = max(cursor, correction.change)
            if correction.state == .retracted {
                retracted.insert(correction.sequence)
            }
            if correction.state.isLive {
                if members[correction.sequence] == nil { arriving.append(correction) }
            } else {
                remove(correction.sequence)
            }
        }
        var faults: [(sequence: Int64, reason: String)] = []
        var added: [HeadExamples.Example] = []
        for correction in arriving {
            let content = correction.content
            do {
                let features = try extractor.features([TextInput(content.text, pair: content.textPair)])
                added.append(
                    HeadExamples.Example(
                        key: ExampleKey(correction.digest), features: features[0], label: content.label,
                        weight: Float(content.weight)))
                set.insert(correction.sequence, correction.digest)
                members[correction.sequence] = Member(digest: correction.digest, label: content.label)
                labelCounts[content.label, default: 0] += 1
            } catch {
                faults.append((correction.sequence, error.description))
            }
        }
        try examples.insert(added)
        return faults
    }

    /// The features of the names of `labels`, as far as they can be encoded.
    func nameFeatures(_ labels: [String]) -> [String: [Float]] {
        for label in labels where names[label] == nil {
            names[label] = (try? extractor.features([TextInput(Self.words(of: label))]))?.first
        }
        return names.filter { labels.contains($0.key) }
    }

    private func remove(_ sequence: Int64) {
        guard let member = members.removeValue(forKey: sequence) else { return }
        examples.remove([ExampleKey(member.digest)])
        set.remove(sequence, member.digest)
        if let count = labelCounts[member.label] {
            labelCounts[member.label] = count > 1 ? count - 1 : nil
        }
    }

    /// The keys of the corrections in `sequences`.
    func keys(of sequences: SequenceSet) -> Set<ExampleKey> {
        Set(members.lazy.filter { sequences.contains($0.key) }.map { ExampleKey($0.value.digest) })
    }

    /// A label as a person would say it: "card_arrival" is "card arrival".
    static func words(of label: String) -> String {
        String(label.map { $0 == "_" || $0 == "-" || $0 == "/" || $0 == "." ? " " : $0 })
    }
}

extension ExampleKey {
    init(_ digest: ContentDigest) {
        self.init(digest.words.a, digest.words.b, digest.words.c, digest.words.d)
    }
}
