import Foundation
import Logging
import Storage

extension Learner {
    /// Reads what became of earlier bursts.
    func recallBursts() async throws(StorageError) {
        let records = try await store.bursts(limit: 200)
        bursts.recall(records)
        let deaths = mark.take()
        bursts.postpone(deaths: deaths)
        if deaths > 0 {
            logger.warning("the daemon ended while a burst ran", metadata: ["times": "\(deaths)"])
        }
        let last = records.first { !BurstDetails($0).isActivation }
        if let last { board.show(BurstStatus(last)) }
        // What was counted does not go back with a revision.
        let counted = records.compactMap { BurstDetails($0).prequential }.max { $0.upTo < $1.upTo }
        if let counted, counted.upTo > measures.prequential.upTo {
            measures.prequential = counted
            let measures = measures
            update { $0.measures = measures }
        }
    }

    /// Writes down a burst that is over; where that fails, it is over all the same.
    func keep(_ record: BurstRecord) async {
        do {
            try await store.append(record)
        } catch {
            logger.warning("a burst was not recorded", metadata: ["burst": "\(record.id)", "reason": "\(error)"])
        }
    }

    /// The record of an administrator's going to revision `number`: what it has not learnt is not learnt again by itself
    /// until as much has come in as a burst asks for.
    ///
    /// - Parameter attempt: what a burst could have seen before.
    func activationRecord(_ number: Int, _ attempt: BurstHistory.Attempt) -> BurstRecord {
        bursts.lastID = max(bursts.lastID, store.lastBurstID) + 1
        var details = BurstDetails()
        details.attempt = attempt
        details.prequential = measures.prequential
        return BurstRecord(
            id: bursts.lastID, started: Date(), finished: Date(), method: "head", outcome: .cancelled,
            reason: "revision \(number) was activated", base: number, corrections: 0, steps: 0,
            details: (try? JSONValue(encoding: details)) ?? .object([:]))
    }
}
