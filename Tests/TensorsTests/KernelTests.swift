import Tensors
import Testing

/// Numbers in -1 … 1 that depend on the seed alone.
func noise(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(state >> 40) / Float(1 << 23) - 1
    }
}

func fill(_ view: MatrixView, _ values: [Float]) {
    for row in 0..<view.rows {
        view.setRow(row, to: Array(values[row * view.columns..<(row + 1) * view.columns]))
    }
}

@Suite(.serialized) struct `Every kernel agrees with a plain loop on every instruction set` {
    // The last two have more rows than one block, with the widest vectors and with any.
    @Test(arguments: [
        (0, 3, 5), (1, 1, 1), (1, 384, 384), (3, 7, 9), (12, 64, 33), (13, 29, 31), (40, 100, 65), (55, 1100, 17),
        (150, 400, 17),
    ])
    func `packed products`(m: Int, k: Int, n: Int) {
        let x = noise(m * k, seed: 1)
        let w = noise(n * k, seed: 2)
        let b = noise(n, seed: 3)
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 18)
            let input = workspace.matrix(rows: m, columns: k)
            let output = workspace.matrix(rows: m, columns: n)
            fill(input, x)
            PackedMatrix(Tensor(w, shape: [n, k]), kernels: kernels)
                .multiply(input, bias: Tensor(b, shape: [n]), into: output)
            for row in 0..<m {
                for column in 0..<n {
                    let exact = (0..<k).reduce(Double(b[column])) {
                        $0 + Double(x[row * k + $1]) * Double(w[column * k + $1])
                    }
                    // A sum of k products below 1, each rounded: error grows like the root of k.
                    #expect(abs(Double(output[row, column]) - exact) <= 1e-6 * Double(k).squareRoot() + 1e-6)
                }
            }
        }
    }

    /// Of one tile, of some that share a panel, and of several blocks.
    @Test(arguments: [(4, 200), (29, 200), (131, 203), (150, 1100)])
    func `a row's product is the same to the bit in any batch`(m: Int, k: Int) {
        let n = 70
        let x = noise(m * k, seed: 4)
        let weight = Tensor(noise(n * k, seed: 5), shape: [n, k])
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 18)
            let packed = PackedMatrix(weight, kernels: kernels)
            let input = workspace.matrix(rows: m, columns: k)
            fill(input, x)
            let together = workspace.matrix(rows: m, columns: n)
            packed.multiply(input, bias: nil, activation: .gelu, into: together)
            for row in 0..<m {
                let alone = workspace.matrix(rows: 1, columns: n)
                packed.multiply(input.rows(row..<row + 1), bias: nil, activation: .gelu, into: alone)
                #expect(alone.values == together.rows(row..<row + 1).values)
            }
        }
    }

    @Test(arguments: [0, 1, 5, 16, 17, 64])
    func `attention`(length: Int) {
        let headSize = 24
        let values = noise(length * 3 * headSize, seed: UInt64(length))
        let scale = 1 / Float(headSize).squareRoot()
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 16)
            let all = workspace.matrix(rows: length, columns: 3 * headSize)
            fill(all, values)
            let output = workspace.matrix(rows: length, columns: headSize)
            let scratch = workspace.matrix(
                rows: 1, columns: kernels.attentionScratch(length: length, headSize: headSize))
            kernels.attention(
                query: all.columns(0..<headSize), key: all.columns(headSize..<2 * headSize),
                value: all.columns(2 * headSize..<3 * headSize), scale: scale, into: output, scratch: scratch)
            for row in 0..<length {
                let scores = (0..<length).map { other in
                    (0..<headSize).reduce(Float(0)) { $0 + all[row, $1] * all[other, headSize + $1] } * scale
                }
                let powers = scores.map { Double($0) }.map { exponential($0) }
                let total = powers.reduce(0, +)
                for column in 0..<headSize {
                    let exact = (0..<length).reduce(0.0) {
                        $0 + powers[$1] / total * Double(all[$1, 2 * headSize + column])
                    }
                    #expect(abs(Double(output[row, column]) - exact) <= 2e-6)
                }
            }
        }
    }

    @Test(arguments: [1, 3, 16, 37, 384])
    func `layer norm`(size: Int) {
        let x = noise(4 * size, seed: 6)
        let r = noise(4 * size, seed: 7)
        let weight = noise(size, seed: 8)
        let bias = noise(size, seed: 9)
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 14)
            let input = workspace.matrix(rows: 4, columns: size)
            let residual = workspace.matrix(rows: 4, columns: size)
            let output = workspace.matrix(rows: 4, columns: size)
            fill(input, x)
            fill(residual, r)
            kernels.layerNorm(
                input, residual: residual, weight: Tensor(weight, shape: [size]), bias: Tensor(bias, shape: [size]),
                epsilon: 1e-5, into: output)
            for row in 0..<4 {
                let sums = (0..<size).map { Double(x[row * size + $0]) + Double(r[row * size + $0]) }
                let mean = sums.reduce(0, +) / Double(size)
                let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
                for column in 0..<size {
                    let exact =
                        (sums[column] - mean) / (variance + 1e-5).squareRoot() * Double(weight[column])
                        + Double(bias[column])
                    #expect(abs(Double(output[row, column]) - exact) <= 1e-5)
                }
            }
        }
    }

    @Test(arguments: Activation.allCases)
    func `activations, over the whole range and at its ends`(activation: Activation) {
        let x: [Float] =
            (-400...400).map { Float($0) / 40 } + [-1000, 1000, 0, 1e-30, -1e-30, 88, -88].map { Float($0) }
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 12)
            let view = workspace.matrix(rows: 1, columns: x.count)
            fill(view, x)
            kernels.applyBias(nil, activation: activation, to: view)
            for (value, result) in zip(x, view.values) {
                let exact = reference(activation, Double(value))
                #expect(abs(Double(result) - exact) <= 1e-6 + 1e-6 * abs(exact), "\(activation)(\(value))")
            }
        }
    }

    @Test func `softmax rows add up to one, also where all are far below zero`() {
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 12)
            let view = workspace.matrix(rows: 3, columns: 19)
            fill(view, noise(19, seed: 3) + noise(19, seed: 4).map { $0 * 80 } + noise(19, seed: 5).map { $0 - 3e4 })
            let before = view.values
            kernels.softmax(view)
            for row in 0..<3 {
                let powers = before[row * 19..<(row + 1) * 19].map { exponential(Double($0)) }
                let values = view.constant.row(row)
                #expect(abs(values.reduce(0, +) - 1) <= 1e-5)
                if row == 0 {
                    let total = powers.reduce(0, +)
                    for (value, power) in zip(values, powers) { #expect(abs(Double(value) - power / total) <= 1e-6) }
                }
            }
        }
    }

    @Test func `OpenBLAS passes its check, and products with transposes are right`() throws {
        let choice = try Processor.check()
        print("kernel path: \(choice.kernelPath)")
        let m = 5, n = 7, k = 11
        let a = noise(m * k, seed: 1)
        let b = noise(k * n, seed: 2)
        for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            var c = [Float](repeating: 1, count: m * n)
            var span = c.mutableSpan
            LinearAlgebra.multiply(
                a.span, transposeA: transposeA, b.span, transposeB: transposeB, m: m, n: n, k: k, alpha: 2, beta: 3,
                into: &span)
            for row in 0..<m {
                for column in 0..<n {
                    let exact = (0..<k).reduce(Float(3)) {
                        $0 + 2 * (transposeA ? a[$1 * m + row] : a[row * k + $1])
                            * (transposeB ? b[column * k + $1] : b[$1 * n + column])
                    }
                    #expect(abs(c[row * n + column] - exact) <= 1e-5)
                }
            }
        }
    }
}
