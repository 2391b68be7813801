/// Token sequences laid end to end, without padding.
package struct TokenBatch: Sendable {
    package private(set) var ids: [Int32] = []
    package private(set) var typeIDs: [Int32] = []
    /// Sequence i is positions starts[i] ..< starts[i + 1]; one more than there are sequences.
    package private(set) var starts: [Int] = [0]

    package init() {}

    /// A batch of these sequences, all of type 0.
    package init(_ sequences: [[Int32]]) {
        for sequence in sequences {
            append(ids: sequence, typeIDs: [Int32](repeating: 0, count: sequence.count))
        }
    }

    package var tokenCount: Int { ids.count }
    package var sequenceCount: Int { starts.count - 1 }

    /// Adds a sequence; `typeIDs` has one value for each of `ids`.
    package mutating func append(ids: [Int32], typeIDs: [Int32]) {
        precondition(ids.count == typeIDs.count, "one type for each id")
        self.ids += ids
        self.typeIDs += typeIDs
        starts.append(self.ids.count)
    }
}
