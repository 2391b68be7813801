import Foundation
import Learning
import LineProtocol
import Logging
import SocketServer
import Storage

extension RequestRouter {
    func submit(_ parameters: SubmitParameters, _ context: RequestContext) async throws -> SubmitResult {
        let correction = NewCorrection(
            task: Self.task, text: parameters.input.text, textPair: parameters.input.textPair, label: parameters.label,
            idempotencyKey: parameters.idempotencyKey, predicted: parameters.predicted, slice: parameters.slice,
            weight: parameters.weight ?? 1, uid: context.peer.uid)
        return try await translated(.idempotencyKey) {
            let receipt = try await receipt(of: correction, parameters.input)
            counters.add(corrections: 1)
            learner.wake()
            var known: Correction?
            if parameters.wait == .published, receipt.state == .queued, learner.isEnabled {
                context.waitsForBurst()
                known = try await learner.settled(receipt.sequence)
            } else if receipt.isDuplicate {
                known = try await store.correction(receipt.sequence)
            }
            return SubmitResult(
                sequence: Int(receipt.sequence), state: .init(known?.state ?? receipt.state),
                duplicate: receipt.isDuplicate, reason: known?.reason, revision: known?.revision)
        }
    }

    /// Stores a correction where the limits allow it; one that came before is there whatever they say now.
    private func receipt(of correction: NewCorrection, _ input: Input) async throws -> Receipt {
        do {
            try check([input])
            try await checkLabel(correction.label)
            try await room.check(limits.content)
        } catch {
            guard let earlier = try await store.receipt(of: correction) else { throw error }
            return earlier
        }
        let receipt = try await store.append(correction)
        if !receipt.isDuplicate { room.add(correction) }
        return receipt
    }

    func correction(_ sequence: Int) async throws -> CorrectionsResult {
        try await translated(.correction) {
            CorrectionsResult([CorrectionInfo(try await store.correction(Int64(sequence)))])
        }
    }

    func corrections(_ parameters: ListCorrectionsParameters) async throws -> CorrectionsResult {
        let limit = parameters.limit ?? 100
        let state = parameters.state.map(Storage.CorrectionState.init)
        return try await translated(.correction) {
            var page: [Correction] = []
            var bytes = 0
            var cursor = Int64(parameters.cursor?.after ?? 0)
            while true {
                let found = try await store.corrections(state: state, after: cursor, limit: 32)
                for correction in found {
                    if page.count == limit || (bytes > Self.pageBytes && !page.isEmpty) {
                        return CorrectionsResult(
                            page.map(CorrectionInfo.init), nextCursor: page.last.map { Cursor(after: Int($0.sequence)) }
                        )
                    }
                    page.append(correction)
                    bytes += correction.content.text.utf8.count + (correction.content.textPair?.utf8.count ?? 0)
                    cursor = correction.sequence
                }
                if found.count < 32 { return CorrectionsResult(page.map(CorrectionInfo.init)) }
            }
        }
    }

    func retract(_ parameters: RetractParameters, _ context: RequestContext) async throws -> RetractResult {
        try await translated(.correction) {
            let correction = try await store.correction(Int64(parameters.sequence))
            let isAdministrator = context.peer.roles.contains(.admin)
            let user = isAdministrator ? nil : context.peer.uid
            defer { learner.wake() }
            if parameters.purge {
                _ = try await store.purge(correction.sequence, by: user)
            } else {
                _ = try await store.retract(correction.sequence, by: user)
            }
            // A purge may erase what others have sent, too.
            if isAdministrator, parameters.purge || correction.content.uid != context.peer.uid {
                logAdministration(
                    .retractCorrection, context,
                    [
                        "sequence": "\(correction.sequence)", "purge": "\(parameters.purge)",
                        "uid": "\(correction.content.uid)",
                    ])
            }
            return RetractResult(state: .retracted)
        }
    }

    func release(_ parameters: ReleaseParameters) async throws -> ReleaseResult {
        try await translated(.correction) {
            let released =
                switch parameters {
                case .sequence(let sequence): try await store.release(Int64(sequence))
                case .state(let state): try await store.release(state: .init(state))
                }
            learner.wake()
            return ReleaseResult(released: released)
        }
    }

    /// Bytes of text after which a page ends, however many corrections were asked for.
    private static let pageBytes = 1 << 20

    /// The number of labels and their length are bounded.
    private func checkLabel(_ label: String) async throws {
        let limits = limits.content
        guard label.utf8.count <= limits.labelBytes else {
            throw ProtocolError(
                .invalidParameters, .outOfRange,
                "'label' has \(label.utf8.count) bytes; limits.labelBytes allows \(limits.labelBytes)")
        }
        try await labelRoom.admit(label, known: learner.status.labels, limit: limits.labels)
    }
}

extension CorrectionInfo {
    init(_ correction: Correction) {
        let content = correction.content
        self.init(
            sequence: Int(correction.sequence), task: content.task,
            input: correction.isPurged ? nil : Input(content.text, textPair: content.textPair),
            label: correction.isPurged ? nil : content.label,
            state: .init(correction.state), reason: correction.reason, revision: correction.revision,
            predicted: content.predicted, slice: content.slice, weight: content.weight, uid: content.uid,
            created: timestamp(correction.created), body: correction.isLearntByBody, holdout: correction.isHoldout)
    }
}

extension LineProtocol.CorrectionState {
    init(_ state: Storage.CorrectionState) {
        self =
            switch state {
            case .queued: .queued
            case .learnt: .learnt
            case .rejected: .rejected
            case .quarantined: .quarantined
            case .withheld: .withheld
            case .superseded: .superseded
            case .retracted: .retracted
            }
    }
}

extension Storage.CorrectionState {
    init(_ state: LineProtocol.CorrectionState) {
        self =
            switch state {
            case .queued: .queued
            case .learnt: .learnt
            case .rejected: .rejected
            case .quarantined: .quarantined
            case .withheld: .withheld
            case .superseded: .superseded
            case .retracted: .retracted
            }
    }
}

/// A time as RFC 3339 has it, in UTC with milliseconds.
func timestamp(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
