import Synchronization
import Tensors

/// The weights that several bursts on one body leave as they are, packed once for all of them, whichever needs one first.
package final class FrozenWeights: Sendable {
    private struct Key: Hashable {
        let weight: ObjectIdentifier
        let hasBackward: Bool
        let kernels: String
    }

    private struct Entry {
        /// Kept, so that no other weight can be taken for it.
        let weight: Tensor
        let packed: Once<FrozenWeight>
    }

    private let entries = Mutex([Key: Entry]())

    package init() {}

    /// `weight`, packed for `kernels`.
    func packed(_ weight: Tensor, hasBackward: Bool, kernels: VectorKernels) -> FrozenWeight {
        let key = Key(weight: ObjectIdentifier(weight.storage), hasBackward: hasBackward, kernels: kernels.name)
        let packed = entries.withLock { entries in
            if let entry = entries[key] { return entry.packed }
            let packed = Once { FrozenWeight(weight, hasBackward: hasBackward, kernels: kernels) }
            entries[key] = Entry(weight: weight, packed: packed)
            return packed
        }
        return packed.value
    }
}
