package import Tensors

/// A tensor that a burst changes, with its gradient.
///
/// A vector is a matrix of one row. The views are valid as long as the body or head that the tensor belongs to.
package struct TrainedTensor {
    /// Its name in the checkpoint, or for a low-rank factor in PEFT's, without what these put before all names.
    package let name: String
    package let shape: [Int]
    package let value: MatrixView
    package let gradient: MatrixView
    /// Whether weight decay applies.
    package let decays: Bool
    /// What a pull draws it to.
    package let anchor: Anchor
    /// Blocks between it and the top, for the decay of learning rates over layers; nil for the head's.
    package let depth: Int?
    /// Where the value has only the rows that a burst's texts touch, which those are.
    package let rows: TouchedRows?

    /// The point that a pull draws a tensor to.
    package enum Anchor {
        /// None: it is not pulled.
        case none
        case zero
        case base(ConstantMatrix)
    }
}

/// The rows of a large table that a burst can touch, and those that the batch in hand touches.
package final class TouchedRows {
    /// Indices into the table, ascending; row i of the tensor's value is row ids[i] of the table.
    package let ids: [Int32]
    /// Indices into `ids`, ascending: what the last forward has read.
    package private(set) var current: [Int] = []
    private var slots: [Int32: Int] = [:]
    private var marks: [Bool]

    init(ids: some Sequence<Int32>) {
        self.ids = Set(ids).sorted()
        marks = [Bool](repeating: false, count: self.ids.count)
        for (slot, id) in self.ids.enumerated() { slots[id] = slot }
    }

    /// The row of the value that holds row `id` of the table, which must be one of `ids`.
    func slot(of id: Int32) -> Int {
        guard let slot = slots[id] else { preconditionFailure("token id \(id) was not announced to the body") }
        return slot
    }

    /// Makes the rows of these ids the current ones.
    package func touch(_ batch: [Int32]) {
        current.removeAll(keepingCapacity: true)
        for id in batch {
            let slot = slot(of: id)
            if !marks[slot] {
                marks[slot] = true
                current.append(slot)
            }
        }
        current.sort()
        for slot in current { marks[slot] = false }
    }
}
