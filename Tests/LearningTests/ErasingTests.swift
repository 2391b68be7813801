import Foundation
import Inference
import Learning
import Storage
import Testing
import Transformer
import Tuning

@Suite struct `A learner, when corrections are purged` {
    @Test func `leaves no revision of a burst during which was purged what came before it`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"], Pupil.tunesFew)
        for number in 0..<40 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        let other = try await pupil.teach("it is snowing", "sport", by: 2)
        try await pupil.rest()
        _ = try await pupil.store.refuse(SequenceSet([other]), as: .quarantined, reason: "the test's")
        pupil.learner.wake()
        try await pupil.rest()
        let burst = try await pupil.learner.startBurst(method: nil, seed: nil, isRebuild: false)
        try await pupil.until("a burst that trains") { pupil.learner.burst.map { $0.step > 0 || $0.isOver } ?? false }
        _ = try await pupil.store.purge(other)
        pupil.learner.wake()
        try await pupil.until("its end") { pupil.learner.burst.map { $0.id == burst.id && $0.isOver } ?? false }
        #expect(pupil.learner.burst?.state == .published, "\(pupil.learner.burst?.reason ?? "")")
        try await pupil.until("a head that has not seen what was purged") { pupil.store.unlearning().isEmpty }
        try await pupil.rest()
        #expect(try await pupil.store.taintedRevisions().isEmpty)
        await pupil.end()
    }

    @Test func `tries seldom to erase what cannot be erased`() async throws {
        let pupil = try await Pupil(labels: ["money", "sport"])
        for number in 0..<4 { try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label) }
        try await pupil.rest()
        pupil.failRebuilds(true)
        await #expect(throws: StorageError.self) { _ = try await pupil.store.purge(1) }
        pupil.learner.wake()
        try await pupil.until("a head that has not seen it") { pupil.store.unlearning().isEmpty }
        try await pupil.rest()
        let tries = pupil.rebuilds
        for number in 4..<8 {
            try await pupil.teach(Pupil.text(number).text, Pupil.text(number).label)
            try await pupil.rest()
        }
        #expect(tries > 1 && pupil.rebuilds == tries)
        // Another purge is a new reason.
        pupil.failRebuilds(false)
        _ = try await pupil.store.purge(2)
        #expect(pupil.rebuilds > tries)
        await pupil.end()
    }
}
