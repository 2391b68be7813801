import Tensors
import Testing

/// Central differences of fourth order of `loss` in each element of `x`, beside the gradient that was computed.
///
/// The step is 0.02 for values of size 1: the formula's own error is then near 1e-7 and that of sums of fp32 results
/// near 1e-4, whatever is being differentiated. Errors are relative to the element, or where that is small to the root
/// mean square of all.
func worstError(_ x: MatrixView, _ gradient: [Float], step: Float = 0.02, loss: () -> Double) -> Double {
    let mean = (gradient.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(gradient.count, 1))).squareRoot()
    var worst = 0.0
    for row in 0..<x.rows {
        for column in 0..<x.columns {
            let value = x[row, column]
            func at(_ distance: Float) -> Double {
                x[row, column] = value + distance
                return loss()
            }
            let near = at(step) - at(-step)
            let far = at(2 * step) - at(-2 * step)
            x[row, column] = value
            let exact = (8 * near - far) / (12 * Double(step))
            let error = abs(Double(gradient[row * x.columns + column]) - exact) / max(abs(exact), mean)
            worst = error.isNaN ? .infinity : max(worst, error)
        }
    }
    return worst
}

/// Σ values · weights in double precision: a loss whose gradient is `weights`.
func weighted(_ view: MatrixView, _ weights: [Float]) -> Double {
    zip(view.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

@Suite(.serialized) struct `Every backward kernel agrees with central differences on every instruction set` {
    private let tolerance = 1e-2

    @Test(arguments: Activation.allCases, [1, 16, 37])
    func `activations`(activation: Activation, size: Int) {
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 12)
            let x = workspace.matrix(rows: 3, columns: size)
            let input = workspace.matrix(rows: 3, columns: size)
            let output = workspace.matrix(rows: 3, columns: size)
            let gradient = workspace.matrix(rows: 3, columns: size)
            let bias = Tensor(noise(size, seed: 3), shape: [size])
            let weights = noise(3 * size, seed: 2)
            // Away from zero, where relu has no derivative.
            fill(
                x,
                zip(noise(3 * size, seed: 1), 0..<3 * size).map { value, index in
                    let sum = 3 * value + bias.values[index % size]
                    return (abs(sum) < 0.1 ? 0.5 : sum) - bias.values[index % size]
                }
            )
            func forward() -> Double {
                input.copy(x.constant)
                kernels.activate(input, adding: bias.matrix, activation: activation, into: output)
                return weighted(output, weights)
            }
            _ = forward()
            fill(gradient, weights)
            kernels.activateBackward(input, activation: activation, gradient: gradient)
            #expect(worstError(x, gradient.values, loss: forward) <= tolerance, "\(activation) on \(kernels.name)")
        }
    }

    @Test(arguments: [2, 16, 24, 37])
    func `layer norm, with its residual, weight and bias`(size: Int) {
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 14)
            let x = workspace.matrix(rows: 5, columns: size)
            let sum = workspace.matrix(rows: 5, columns: size)
            let residual = workspace.matrix(rows: 5, columns: size)
            let output = workspace.matrix(rows: 5, columns: size)
            let gradient = workspace.matrix(rows: 5, columns: size)
            let statistics = workspace.matrix(rows: 5, columns: 2)
            let weight = workspace.matrix(rows: 1, columns: size)
            let bias = workspace.matrix(rows: 1, columns: size)
            let weightGradient = workspace.matrix(rows: 1, columns: size)
            let biasGradient = workspace.matrix(rows: 1, columns: size)
            let inputBias = Tensor(noise(size, seed: 9), shape: [size])
            let weights = noise(5 * size, seed: 2)
            fill(x, noise(5 * size, seed: 1).map { 3 * $0 })
            fill(residual, noise(5 * size, seed: 4))
            fill(weight, noise(size, seed: 5).map { 1 + 0.3 * $0 })
            fill(bias, noise(size, seed: 6))
            func forward() -> Double {
                sum.copy(x.constant)
                kernels.layerNormKeeping(
                    sum,
                    residual: residual,
                    inputBias: inputBias.matrix,
                    weight: weight.constant,
                    bias: bias.constant,
                    epsilon: 1e-2,
                    statistics: statistics,
                    into: output
                )
                return weighted(output, weights)
            }
            _ = forward()
            fill(gradient, weights)
            kernels.layerNormBackward(
                sum,
                statistics: statistics,
                weight: weight.constant,
                gradient: gradient,
                weightGradient: weightGradient,
                biasGradient: biasGradient
            )
            #expect(worstError(x, gradient.values, loss: forward) <= tolerance)
            #expect(worstError(residual, gradient.values, loss: forward) <= tolerance)
            #expect(worstError(weight, weightGradient.values, loss: forward) <= tolerance)
            #expect(worstError(bias, biasGradient.values, loss: forward) <= tolerance)
        }
    }

    @Test(arguments: [1, 2, 5, 16, 19])
    func `attention`(length: Int) {
        let size = 8
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 14)
            let all = workspace.matrix(rows: length, columns: 3 * size)
            let gradients = workspace.matrix(rows: length, columns: 3 * size)
            let output = workspace.matrix(rows: length, columns: size)
            let outputGradient = workspace.matrix(rows: length, columns: size)
            let scratch = workspace.matrix(
                rows: 1,
                columns: max(
                    kernels.attentionScratch(length: length, headSize: size),
                    kernels.attentionBackwardScratch(length: length, headSize: size)
                )
            )
            func parts(_ view: MatrixView) -> (query: MatrixView, key: MatrixView, value: MatrixView) {
                (view.columns(0..<size), view.columns(size..<2 * size), view.columns(2 * size..<3 * size))
            }
            let weights = noise(length * size, seed: 2)
            fill(all, noise(length * 3 * size, seed: 1).map { 2 * $0 })
            fill(outputGradient, weights)
            func forward() -> Double {
                let (query, key, value) = parts(all)
                kernels.attention(
                    query: query,
                    key: key,
                    value: value,
                    scale: 0.35,
                    into: output,
                    scratch: scratch
                )
                return weighted(output, weights)
            }
            kernels.attentionBackward(
                projected: parts(all),
                scale: 0.35,
                outputGradient: outputGradient,
                gradients: parts(gradients),
                scratch: scratch
            )
            let computed = [parts(gradients).query, parts(gradients).key, parts(gradients).value]
            for (view, gradient) in zip([parts(all).query, parts(all).key, parts(all).value], computed) {
                if length == 1 && gradient.values.allSatisfy({ abs($0) < 1e-6 }) { continue }
                #expect(worstError(view, gradient.values, loss: forward) <= tolerance, "\(length) on \(kernels.name)")
            }
        }
    }

    @Test(arguments: [(1, 1, 1), (3, 7, 9), (12, 64, 33), (29, 31, 40), (40, 100, 65)])
    func `packed products with a transposed weight, alone and added`(m: Int, k: Int, n: Int) {
        let x = noise(m * k, seed: 1)
        let weight = Tensor(noise(k * n, seed: 2), shape: [k, n])
        let before = noise(m * n, seed: 3)
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 15)
            let input = workspace.matrix(rows: m, columns: k)
            let alone = workspace.matrix(rows: m, columns: n)
            let wide = workspace.matrix(rows: m, columns: n + 3)
            let added = wide.columns(1..<n + 1)
            fill(input, x)
            wide.fill(7)
            fill(added, before)
            let packed = PackedMatrix(transposing: weight, kernels: kernels)
            packed.multiply(input, bias: nil, into: alone)
            packed.multiply(input, adding: true, into: added)
            for row in 0..<m {
                for column in 0..<n {
                    let exact = (0..<k).reduce(0.0) {
                        $0 + Double(x[row * k + $1]) * Double(weight.matrix[$1, column])
                    }
                    // As for products without transposes: the error grows like the root of k.
                    let tolerance = 1e-6 * Double(k).squareRoot() + 1e-6
                    #expect(abs(Double(alone[row, column]) - exact) <= tolerance)
                    #expect(abs(Double(added[row, column]) - exact - Double(before[row * n + column])) <= tolerance)
                }
                // Nothing beside the columns is touched.
                #expect(wide[row, 0] == 7 && wide[row, n + 1] == 7 && wide[row, n + 2] == 7)
            }
        }
    }

    @Test(arguments: [(1, 1, 1, 1), (3, 7, 2, 9), (12, 64, 8, 33), (29, 31, 5, 40), (40, 100, 19, 65)])
    func `packed products that go on with a second part`(m: Int, k: Int, rank: Int, n: Int) {
        let (x, low) = (noise(m * k, seed: 1), noise(m * rank, seed: 2))
        let weight = Tensor(noise(n * k, seed: 3), shape: [n, k])
        let (factor, turned) = (noise(n * rank, seed: 4), noise(n * rank, seed: 5))
        let before = noise(m * n, seed: 6)
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 16)
            func matrix(_ rows: Int, _ columns: Int, _ values: [Float]) -> MatrixView {
                let view = workspace.matrix(rows: rows, columns: columns)
                fill(view, values)
                return view
            }
            let input = matrix(m, k, x)
            let reduced = matrix(m, rank, low)
            let memory = (0..<2).map { _ in
                workspace.matrix(
                    rows: 1,
                    columns: PackedPanels.footprint(outputSize: n, inputSize: rank, kernels: kernels)
                )
            }
            let straight = kernels.pack(matrix(n, rank, factor).constant, into: memory[0])
            let transposed = kernels.pack(matrix(rank, n, turned).constant, transposed: true, into: memory[1])
            let wide = workspace.matrix(rows: m, columns: n + 3)
            wide.fill(7)
            let added = wide.columns(1..<n + 1)
            fill(added, before)
            let written = workspace.matrix(rows: m, columns: n)
            let alone = workspace.matrix(rows: m, columns: n)
            let packed = PackedMatrix(weight, kernels: kernels)
            packed.multiply(input, plus: ProductPart(x: reduced, weight: straight), into: written)
            packed.multiply(input, plus: ProductPart(x: reduced, weight: transposed), adding: true, into: added)
            kernels.multiply(reduced.constant, straight, into: alone)
            let tolerance = 1e-6 * Double(k + rank).squareRoot() + 1e-6
            for row in 0..<m {
                for column in 0..<n {
                    let first = (0..<k).reduce(0.0) {
                        $0 + Double(x[row * k + $1]) * Double(weight.matrix[column, $1])
                    }
                    func second(_ value: (Int) -> Float) -> Double {
                        (0..<rank).reduce(0.0) { $0 + Double(low[row * rank + $1]) * Double(value($1)) }
                    }
                    let own = second { factor[column * rank + $0] }
                    #expect(abs(Double(alone[row, column]) - own) <= tolerance)
                    #expect(abs(Double(written[row, column]) - first - own) <= tolerance)
                    let sum = Double(before[row * n + column]) + first + second { turned[$0 * n + column] }
                    #expect(abs(Double(added[row, column]) - sum) <= tolerance)
                }
                #expect(wide[row, 0] == 7 && wide[row, n + 1] == 7 && wide[row, n + 2] == 7)
            }
        }
    }

    @Test(arguments: [(1, 1, 1), (3, 2, 9), (16, 8, 33), (37, 5, 40), (100, 19, 97)])
    func `products of two matrices as they lie, across their rows`(rows: Int, few: Int, columns: Int) {
        let (x, w, before) = (
            noise(rows * few, seed: 1), noise(rows * columns, seed: 2), noise(few * columns, seed: 3)
        )
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 15)
            let left = workspace.matrix(rows: rows, columns: few + 2).columns(1..<few + 1)
            let right = workspace.matrix(rows: rows, columns: columns + 5).columns(2..<columns + 2)
            let sum = workspace.matrix(rows: few, columns: columns)
            let halves = workspace.matrix(rows: few, columns: columns)
            fill(left, x)
            fill(right, w)
            fill(sum, before)
            fill(halves, before)
            kernels.multiplyAcross(left.constant, right.constant, addingTo: sum)
            for part in [0..<rows / 3, rows / 3..<rows] {
                kernels.multiplyAcross(left.rows(part).constant, right.rows(part).constant, addingTo: halves)
            }
            #expect(sum.values.map(\.bitPattern) == halves.values.map(\.bitPattern), "the order is one")
            for i in 0..<few {
                for column in 0..<columns {
                    let exact = (0..<rows).reduce(Double(before[i * columns + column])) {
                        $0 + Double(x[$1 * few + i]) * Double(w[$1 * columns + column])
                    }
                    #expect(abs(Double(sum[i, column]) - exact) <= 1e-6 * Double(rows).squareRoot() + 1e-6)
                }
            }
        }
    }

    @Test func `sums over rows and of squares`() {
        for kernels in VectorKernels.available {
            for (rows, columns) in [(1, 1), (7, 16), (5, 37)] {
                let workspace = Workspace(capacity: 1 << 12)
                let x = workspace.matrix(rows: rows, columns: columns)
                let sums = workspace.matrix(rows: 1, columns: columns)
                fill(x, noise(rows * columns, seed: 1))
                kernels.sum(rowsOf: x, into: sums)
                for column in 0..<columns {
                    let exact = (0..<rows).reduce(0.0) { $0 + Double(x[$1, column]) }
                    #expect(abs(Double(sums[0, column]) - exact) <= 1e-6 * Double(rows))
                }
                let squares = x.values.reduce(0.0) { $0 + Double($1) * Double($1) }
                #expect(abs(kernels.sumOfSquares(x) - squares) <= 1e-12 * squares)
            }
        }
    }

    @Test func `a step of AdamW moves what it should, also past the last whole vector`() {
        let size = 21
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 10)
            let views = (0..<5).map { _ in workspace.matrix(rows: 1, columns: size) }
            let (value, gradient, first, second, anchor) = (views[0], views[1], views[2], views[3], views[4])
            for (view, seed) in zip([value, gradient, first, anchor], 1...) {
                fill(view, noise(size, seed: UInt64(seed)))
            }
            fill(second, noise(size, seed: 8).map { abs($0) })
            let before = views.map(\.values)
            let step = AdamWStep(
                step: 3,
                learningRate: 0.1,
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-3,
                decay: 0.2,
                pull: 0.3,
                gradientScale: 0.5
            )
            step.apply(
                to: value,
                gradient: gradient,
                first: first,
                second: second,
                anchor: anchor.constant,
                kernels: kernels
            )
            for index in 0..<size {
                let parts = before.map { Double($0[index]) }
                let g = 0.5 * parts[1]
                let m = 0.9 * parts[2] + 0.1 * g
                let v = 0.99 * parts[3] + 0.01 * g * g
                let adam = m / (1 - 0.9 * 0.9 * 0.9) / ((v / (1 - 0.99 * 0.99 * 0.99)).squareRoot() + 1e-3)
                let moved = parts[0] - 0.1 * (adam + 0.2 * parts[0] + 0.3 * (parts[0] - parts[4]))
                #expect(abs(Double(value[0, index]) - moved) <= 1e-5 * max(1, abs(moved)))
                #expect(abs(Double(first[0, index]) - m) <= 1e-6)
                #expect(abs(Double(second[0, index]) - v) <= 1e-6)
            }
        }
    }
}

struct `Inverting a symmetric matrix` {
    @Test(arguments: [0, 1, 2, 17, 100]) func `gives what multiplies to the unit matrix`(size: Int) {
        let factor = noise(size * size, seed: 11)
        // B·Bᵀ + 1 is positive definite.
        var matrix = (0..<size * size).map { index in
            let (row, column) = (index / size, index % size)
            return (0..<size).reduce(row == column ? Float(1) : 0) {
                $0 + factor[row * size + $1] * factor[column * size + $1]
            }
        }
        let original = matrix
        #expect(LinearAlgebra.invert(&matrix, size: size))
        for row in 0..<size {
            for column in 0..<size {
                let value = (0..<size).reduce(0.0) {
                    $0 + Double(original[row * size + $1]) * Double(matrix[$1 * size + column])
                }
                // The condition is at most a few hundred, fp32 has 7 digits.
                #expect(abs(value - (row == column ? 1 : 0)) <= 1e-3)
                #expect(matrix[row * size + column] == matrix[column * size + row])
            }
        }
    }

    @Test func `says so where there is no inverse`() {
        var indefinite: [Float] = [1, 2, 2, 1]
        #expect(!LinearAlgebra.invert(&indefinite, size: 2))
        var undefined: [Float] = [.nan]
        #expect(!LinearAlgebra.invert(&undefined, size: 1))
    }
}
