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

    /// Takes in `changes`, in the order of their change numbers; the corrections that cannot be learnt from, and why.
    func apply(_ changes: [Correction]) -> [(sequence: Int64, reason: String)] {
        var arriving: [Correction] = []
        var leaving: [ExampleKey] = []
        for correction in changes {
            cursor = max(cursor, correction.change)
            if correction.state == .retracted {
                retracted.insert(correction.sequence)
            }
            if !correction.state.isLive {
                if let key = forget(correction.sequence) { leaving.append(key) }
            } else if members[correction.sequence] == nil {
                arriving.append(correction)
            }
        }
        examples.remove(leaving)
        var faults: [(sequence: Int64, reason: String)] = []
        var added: [HeadExamples.Example] = []
        var taken: [Correction] = []
        for (correction, result) in zip(arriving, features(of: arriving)) {
            switch result {
            case .success(let features):
                added.append(Self.example(correction, features))
                taken.append(correction)
            case .failure(let error): faults.append((correction.sequence, error.description))
            }
        }
        do {
            try examples.insert(added)
            for correction in taken { remember(correction) }
        } catch {
            // One of them cannot be computed with: find out which.
            for (correction, example) in zip(taken, added) {
                do {
                    try examples.insert([example])
                    remember(correction)
                } catch {
                    faults.append((correction.sequence, error.description))
                }
            }
        }
        return faults
    }

    /// The features of the names of `labels`, as far as they can be encoded.
    func nameFeatures(_ labels: [String]) -> [String: [Float]] {
        for label in labels where names[label] == nil {
            names[label] = (try? extractor.features([TextInput(Self.words(of: label))]))?.first
        }
        let wanted = Set(labels)
        return names.filter { wanted.contains($0.key) }
    }

    /// Features of several corrections in few batches; one by one where something is wrong with one of them.
    private func features(of corrections: [Correction]) -> [Result<[Float], InferenceError>] {
        let inputs = corrections.map { TextInput($0.content.text, pair: $0.content.textPair) }
        if let features = try? extractor.features(inputs) { return features.map { .success($0) } }
        return inputs.map { input in
            do throws(InferenceError) {
                return .success(try extractor.features([input])[0])
            } catch {
                return .failure(error)
            }
        }
    }

    private static func example(_ correction: Correction, _ features: [Float]) -> HeadExamples.Example {
        HeadExamples.Example(
            key: ExampleKey(correction.digest), features: features, label: correction.content.label,
            // The least that still counts in single precision.
            weight: max(Float(correction.content.weight), 1e-6))
    }

    private func remember(_ correction: Correction) {
        set.insert(correction.sequence, correction.digest)
        members[correction.sequence] = Member(digest: correction.digest, label: correction.content.label)
        labelCounts[correction.content.label, default: 0] += 1
    }

    /// Forgets the correction `sequence`; the key of its example, which the caller removes, or nil if it is not there.
    private func forget(_ sequence: Int64) -> ExampleKey? {
        guard let member = members.removeValue(forKey: sequence) else { return nil }
        set.remove(sequence, member.digest)
        if let count = labelCounts[member.label] {
            labelCounts[member.label] = count > 1 ? count - 1 : nil
        }
        return ExampleKey(member.digest)
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
