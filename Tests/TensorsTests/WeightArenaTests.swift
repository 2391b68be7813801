import Tensors
import Testing

@Suite struct `Weights in an arena` {
    @Test func `are as those with memory of their own, in every precision`() {
        let shapes = [(outputs: 70, inputs: 200), (outputs: 1, inputs: 1), (outputs: 33, inputs: 17)]
        for kernels in VectorKernels.available {
            for precision in [WeightPrecision.float32, .bfloat16, .int8] {
                let size = shapes.reduce(0) {
                    $0
                        + PackedMatrix.footprint(
                            outputSize: $1.outputs, inputSize: $1.inputs, precision: precision, kernels: kernels)
                }
                let whole = WeightArena(capacity: 3 * size)
                // Between two parts that others write.
                let before = WeightArena(size, of: whole)
                let arena = WeightArena(size, of: whole)
                let after = WeightArena(size, of: whole)
                for (index, shape) in shapes.enumerated() {
                    for other in [before, after] {
                        let weight = Tensor(
                            noise(shape.outputs * shape.inputs, seed: UInt64(90 + index)),
                            shape: [shape.outputs, shape.inputs])
                        _ = PackedMatrix(weight, precision: precision, kernels: kernels, in: other)
                    }
                }
                let pairs = shapes.enumerated().map { index, shape in
                    let weight = Tensor(
                        noise(shape.outputs * shape.inputs, seed: UInt64(index)), shape: [shape.outputs, shape.inputs])
                    return (
                        PackedMatrix(weight, precision: precision, kernels: kernels, in: arena),
                        PackedMatrix(weight, precision: precision, kernels: kernels)
                    )
                }
                // Compared when all of them are there, so that one that was written over would show.
                for (shared, own) in pairs {
                    #expect(product(shared, kernels) == product(own, kernels))
                }
            }
        }
    }

    private func product(_ weight: PackedMatrix, _ kernels: VectorKernels) -> [Float] {
        let workspace = Workspace(capacity: 1 << 16)
        let input = workspace.matrix(rows: 3, columns: weight.inputSize)
        fill(input, noise(3 * weight.inputSize, seed: 9))
        let output = workspace.matrix(rows: 3, columns: weight.outputSize)
        let scratch = workspace.matrix(
            rows: 1, columns: kernels.rowsScratch(weight.precision, rows: 3, columns: weight.inputSize))
        let rows = kernels.rows(input, for: weight.precision, factors: nil, scratch: scratch)
        weight.multiply(rows, bias: nil, into: output)
        return output.values
    }
}
