import Inference
import Storage
import Transformer
import Tuning

/// The live corrections with their features by one body, kept up to date from the journal's changes.
///
/// Used by one actor at a time; features are computed on its thread.
final class CorrectionTable {
    private struct Member {
        let digest: ContentDigest
        let label: String
        let user: UInt32
        let slice: String?
        var isVouchedFor: Bool
        let isHeldBack: Bool
    }

    private var extractor: FeatureExtractor
    private(set) var examples: HeadExamples
    /// The corrections in `examples`.
    private(set) var set = CorrectionSet()
    /// Corrections that must not have left a trace in what serves.
    private(set) var retracted = SequenceSet()
    /// Corrections that what serves should not have been made from: retracted, refused, or held back for who sent them.
    private(set) var takenBack = SequenceSet()
    /// Corrections that a rollback went behind.
    private(set) var withheld = SequenceSet()
    /// Corrections whose content was erased.
    private(set) var purged = SequenceSet()
    /// Last change of the journal that has been read.
    private(set) var cursor: Int64 = 0
    private var members: [Int64: Member] = [:]
    private var labelCounts: [String: Int] = [:]
    /// The same without what is held back from the body.
    private var trainableCounts: [String: Int] = [:]
    /// The live corrections that the body never learns from.
    private(set) var heldBack = SequenceSet()
    /// The quarantined corrections of each user who has any, and why.
    private(set) var quarantine: [UInt32: (sequences: SequenceSet, reason: String)] = [:]
    private let holdoutShare: Int
    private var names: [String: [Float]] = [:]

    /// A table without corrections; of `holdoutShare` corrections one is held back from the body.
    init(pipeline: TextPipeline, body: Body, holdoutShare: Int) {
        self.holdoutShare = holdoutShare
        extractor = FeatureExtractor(pipeline: pipeline, body: body)
        examples = HeadExamples(featureCount: body.encoder.featureCount)
    }

    /// Goes on with `body`, which has the same weights as the one before.
    func compute(with body: Body) { extractor.body = body }

    /// Lets the body's packed weights go until features are asked for.
    func rest() { extractor.body = extractor.body.resting() }

    /// Labels that live corrections use.
    var labels: some Collection<String> { labelCounts.keys }

    /// Whether there is anything to tell apart for a body that learns from them.
    var canTrain: Bool { trainableCounts.count > 1 }

    /// Takes in `changes`, in the order of their change numbers; the corrections that cannot be learnt from, and why.
    ///
    /// - Parameter arrival: told of each correction that comes in and its features, before the next one does.
    func apply(
        _ changes: [Correction], arrival: (Correction, [Float]) -> Void = { _, _ in }
    ) -> [(sequence: Int64, reason: String)] {
        var arriving: [Correction] = []
        var leaving: [ExampleKey] = []
        for correction in changes {
            cursor = max(cursor, correction.change)
            note(correction)
            if !correction.state.isLive {
                if let key = forget(correction.sequence) { leaving.append(key) }
            } else if members[correction.sequence] == nil {
                arriving.append(correction)
            } else {
                members[correction.sequence]?.isVouchedFor = correction.isVouchedFor
            }
        }
        examples.remove(leaving)
        return add(arriving, arrival: arrival)
    }

    /// Takes in `corrections`, whatever their state; those that cannot be learnt from, and why.
    @discardableResult func add(
        _ corrections: [Correction], arrival: (Correction, [Float]) -> Void = { _, _ in }
    ) -> [(sequence: Int64, reason: String)] {
        var faults: [(sequence: Int64, reason: String)] = []
        var added: [HeadExamples.Example] = []
        var taken: [Correction] = []
        for (correction, result) in zip(corrections, features(of: corrections)) {
            switch result {
            case .success(let features):
                added.append(Self.example(correction, features))
                taken.append(correction)
                arrival(correction, features)
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
        let inputs = corrections.map(TextInput.init)
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
            weight: correction.exampleWeight)
    }

    /// Keeps what a correction's state says about who sent it and what may be used.
    private func note(_ correction: Correction) {
        let sequence = correction.sequence
        let user = correction.content.uid
        if correction.state == .retracted { retracted.insert(sequence) }
        if correction.state == .withheld { withheld.insert(sequence) } else { withheld.remove(sequence) }
        if correction.isPurged { purged.insert(sequence) }
        switch correction.state {
        case .retracted, .rejected, .quarantined: takenBack.insert(sequence)
        case .queued, .learnt, .superseded, .withheld: takenBack.remove(sequence)
        }
        if correction.state == .quarantined {
            quarantine[user, default: (SequenceSet(), "")].sequences.insert(sequence)
            quarantine[user]?.reason = correction.reason ?? ""
        } else if quarantine[user]?.sequences.remove(sequence) ?? false, quarantine[user]?.sequences.isEmpty ?? true {
            quarantine[user] = nil
        }
    }

    private func remember(_ correction: Correction) {
        let content = correction.content
        let isHeldBack = correction.isHeldBack(oneIn: holdoutShare)
        set.insert(correction.sequence, correction.digest)
        if isHeldBack { heldBack.insert(correction.sequence) }
        members[correction.sequence] = Member(
            digest: correction.digest, label: content.label, user: content.uid, slice: content.slice,
            isVouchedFor: correction.isVouchedFor, isHeldBack: isHeldBack)
        Self.count(1, content.label, in: &labelCounts)
        if !isHeldBack { Self.count(1, content.label, in: &trainableCounts) }
    }

    private static func count(_ change: Int, _ label: String, in counts: inout [String: Int]) {
        let count = counts[label, default: 0] + change
        counts[label] = count > 0 ? count : nil
    }

    /// Forgets the correction `sequence`; the key of its example, which the caller removes, or nil if it is not there.
    private func forget(_ sequence: Int64) -> ExampleKey? {
        guard let member = members.removeValue(forKey: sequence) else { return nil }
        set.remove(sequence, member.digest)
        if member.isHeldBack { heldBack.remove(sequence) }
        Self.count(-1, member.label, in: &labelCounts)
        if !member.isHeldBack { Self.count(-1, member.label, in: &trainableCounts) }
        return ExampleKey(member.digest)
    }

    /// The keys of the corrections in `sequences`.
    func keys(of sequences: SequenceSet) -> Set<ExampleKey> {
        Set(members.lazy.filter { sequences.contains($0.key) }.map { ExampleKey($0.value.digest) })
    }

    /// What a head is fitted to: these corrections, for `labels`.
    ///
    /// - Parameter learnt: the corrections that the body was trained on; settings are chosen on the others alone.
    func problem(
        _ labels: [String], base: ClassificationHead?, learntByBody learnt: SequenceSet
    ) -> HeadProblem {
        HeadProblem(
            examples: examples, labels: labels, names: nameFeatures(labels), base: base,
            judges: learnt.isEmpty ? nil : keys(of: set.sequences.subtracting(learnt)))
    }

    /// The live corrections of `user`.
    func sequences(of user: UInt32) -> SequenceSet {
        SequenceSet(members.lazy.filter { $0.value.user == user && !$0.value.isVouchedFor }.map(\.key).sorted())
    }

    /// Who taught each example, but for those in `left` and those that an administrator has vouched for.
    func users(besides left: SequenceSet) -> [ExampleKey: CrossCheck.User] {
        var users: [ExampleKey: CrossCheck.User] = [:]
        for (sequence, member) in members where !member.isVouchedFor && !left.contains(sequence) {
            users[ExampleKey(member.digest)] = member.user
        }
        return users
    }

    /// The slice of each example that has one.
    var slices: [ExampleKey: String] {
        var slices: [ExampleKey: String] = [:]
        for member in members.values { slices[ExampleKey(member.digest)] = member.slice }
        return slices
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

extension TextInput {
    init(_ correction: Correction) {
        self.init(correction.content.text, pair: correction.content.textPair)
    }
}

extension Correction {
    /// What it weighs as an example: the least that still counts in single precision, or more.
    var exampleWeight: Float { max(Float(content.weight), 1e-6) }
}
