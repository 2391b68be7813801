package import LineProtocol

/// One labelled text of a file.
package struct Record: Equatable, Sendable {
    /// The line of the file on which it begins.
    package let line: Int
    package let input: Input
    package let label: String
    package var slice: String?
    package var weight: Double?
    package var predicted: String?
    package var idempotencyKey: String?

    package init(line: Int, input: Input, label: String) {
        self.line = line
        self.input = input
        self.label = label
    }

    /// The key under which the record is taught: its own, or one that follows from its content and its place.
    ///
    /// So a file whose teaching was interrupted can be taught again, and each of its rows still counts once.
    package var key: String {
        if let idempotencyKey { return idempotencyKey }
        let parts = [input.text, input.textPair, label, slice, weight.map { "\($0)" }, predicted]
        // FNV-1a over 128 bits; each part ends in a byte that UTF-8 does not use, and an absent one is another byte.
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        func add(_ byte: UInt8) { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        for part in parts {
            part?.utf8.forEach(add)
            add(part == nil ? 0xFE : 0xFF)
        }
        return "file:\(line):\(String(hash, radix: 16))"
    }

    /// What to send.
    var submission: SubmitParameters {
        SubmitParameters(
            input,
            label: label,
            idempotencyKey: key,
            predicted: predicted,
            slice: slice,
            weight: weight
        )
    }

    /// The records in rounds, none of which has a text twice: those of a round may overtake each other, and of the rows with
    /// one text the last is to count.
    package static func rounds(_ records: [Record]) -> [[Record]] {
        var seen: [Input: Int] = [:]
        var rounds: [[Record]] = []
        for record in records {
            let round = seen[record.input, default: 0]
            seen[record.input] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(record)
        }
        return rounds
    }

    /// Batches that fit into a line: at most 256 texts, and half the limit in bytes, since escaping may lengthen texts.
    package static func batches(_ records: [Record]) -> [[Record]] {
        var batches: [[Record]] = []
        var batch: [Record] = []
        var size = 0
        for record in records {
            let bytes = record.input.text.utf8.count + (record.input.textPair?.utf8.count ?? 0) + 64
            if !batch.isEmpty, batch.count == 256 || size + bytes > Limits.lineBytes / 2 {
                batches.append(batch)
                (batch, size) = ([], 0)
            }
            batch.append(record)
            size += bytes
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}
