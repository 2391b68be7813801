import Tensors
import Transformer

/// The gradients of a batch that is computed in parts: those of its parts, each by its share of the batch.
final class GradientSum {
    private let tensors: [TrainedTensor]
    private let sums: [MatrixView]
    private let workspace: Workspace

    /// Takes memory for the gradients of `tensors`, which must outlive the sum.
    init(_ tensors: [TrainedTensor]) {
        let workspace = Workspace(
            capacity: tensors.reduce(0) {
                $0 + Workspace.footprint(rows: $1.gradient.rows, columns: $1.gradient.columns)
            })
        sums = tensors.map { workspace.matrix(rows: $0.gradient.rows, columns: $0.gradient.columns) }
        for sum in sums { sum.fill(0) }
        self.workspace = workspace
        self.tensors = tensors
    }

    /// Adds the gradients that the tensors have now, times `share`.
    func add(share: Float) {
        for (tensor, sum) in zip(tensors, sums) {
            if let rows = tensor.rows {
                for row in rows.current {
                    sum.rows(row..<row + 1).add(tensor.gradient.rows(row..<row + 1), times: share)
                }
            } else {
                sum.add(tensor.gradient, times: share)
            }
        }
    }

    /// Makes the sum the gradient of the tensors, and begins anew.
    ///
    /// - Parameter ids: the token ids of all parts.
    func take(ids: [Int32]) {
        for (tensor, sum) in zip(tensors, sums) {
            if let rows = tensor.rows {
                rows.touch(ids)
                for row in rows.current {
                    tensor.gradient.rows(row..<row + 1).copy(sum.rows(row..<row + 1).constant)
                    sum.rows(row..<row + 1).fill(0)
                }
            } else {
                tensor.gradient.copy(sum.constant)
                sum.fill(0)
            }
        }
    }
}
