import Tensors
import Testing

/// `value` with the 8 bits of mantissa that bf16 has, ties to even.
private func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
}

@Suite(.serialized) struct `Products in fewer bits agree with a plain loop over the rounded values` {
    private static let shapes = [
        (0, 3, 5), (1, 1, 1), (1, 384, 384), (3, 7, 9), (12, 64, 33), (13, 29, 31), (25, 101, 65), (2, 1536, 40),
    ]

    /// The product of `x` [m, k] and `w` [n, k] with a bias, by every instruction set.
    private func products(
        _ precision: WeightPrecision, _ x: [Float], _ w: [Float], _ b: [Float], m: Int, k: Int, n: Int,
        factors: [Float]? = nil
    ) -> [(kernels: String, values: [Float])] {
        let factors = factors.map { Tensor($0, shape: [k]) }
        return VectorKernels.available.map { kernels in
            let workspace = Workspace(capacity: 1 << 19)
            let input = workspace.matrix(rows: m, columns: k)
            let output = workspace.matrix(rows: m, columns: n)
            fill(input, x)
            let size = kernels.rowsScratch(precision, rows: m, columns: k)
            let rows = kernels.rows(
                input, for: precision, factors: factors, scratch: workspace.matrix(rows: 1, columns: size))
            PackedMatrix(Tensor(w, shape: [n, k]), precision: precision, factors: factors, kernels: kernels)
                .multiply(rows, bias: Tensor(b, shape: [n]), into: output)
            return (kernels.name, output.values)
        }
    }

    @Test(arguments: shapes) func `of 16`(m: Int, k: Int, n: Int) {
        let (x, w, b) = (noise(m * k, seed: 1), noise(n * k, seed: 2), noise(n, seed: 3))
        let weights = Self.weights(as: .bfloat16, w, k: k, n: n)
        for (kernels, values) in products(.bfloat16, x, w, b, m: m, k: k, n: n) {
            guard let w = weights[kernels] else { preconditionFailure("\(kernels) has no weights") }
            for row in 0..<m {
                for column in 0..<n {
                    let exact = (0..<k).reduce(Double(b[column])) {
                        $0 + Double(rounded(x[row * k + $1])) * Double(w[column * k + $1])
                    }
                    let error = abs(Double(values[row * n + column]) - exact)
                    // Rounded as in fp32, each product and their sum.
                    #expect(error <= 1e-6 * Double(k).squareRoot() + 1e-6, "\(kernels)")
                }
            }
        }
    }

    /// `w` [n, k] as each instruction set has it: the products with rows of which one value is 1 and the others 0.
    private static func weights(as precision: WeightPrecision, _ w: [Float], k: Int, n: Int) -> [String: [Float]] {
        var result: [String: [Float]] = [:]
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: k * (k + n) + kernels.rowsScratch(precision, rows: k, columns: k) + 64)
            let input = workspace.matrix(rows: k, columns: k)
            input.fill(0)
            for index in 0..<k { input[index, index] = 1 }
            let output = workspace.matrix(rows: k, columns: n)
            let size = kernels.rowsScratch(precision, rows: k, columns: k)
            let rows = kernels.rows(
                input, for: precision, factors: nil, scratch: workspace.matrix(rows: 1, columns: size))
            PackedMatrix(Tensor(w, shape: [n, k]), precision: precision, kernels: kernels)
                .multiply(rows, bias: nil, into: output)
            result[kernels.name] = (0..<n * k).map { output[$0 % k, $0 / k] }
        }
        return result
    }

    @Test func `of 16, whose weights are rounded to the nearest`() {
        // Of every size, beside neighbours of every size.
        let (k, n) = (61, 70)
        let extremes: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e-30, -1e-20, 1e30, 3e38, -3e38, 1, -1, 0.5,
            1.003_906_25, 1.996_093_8, -3.992_187_5,
        ]
        let random = noise(n * k, seed: 14)
        let w = random.indices.map { $0 % 3 == 0 ? extremes[$0 / 3 % extremes.count] : random[$0] }
        let found = Self.weights(as: .bfloat16, w, k: k, n: n)
        for kernels in VectorKernels.available {
            for (index, value) in (found[kernels.name] ?? []).enumerated() {
                let weight = w[index]
                // Half of what the last of 8 bits is worth; of the smallest nothing is asked.
                let bound = max(max(abs(weight), abs(value)).binade / 256, 0x1p-94)
                #expect(abs(value - weight) <= bound, "\(kernels.name) \(weight)")
                // Where the other half of a word does not add to it, it is the nearest there is, ties to even.
                let isAlone =
                    kernels.name == "avx512-bf16" || index / k % (2 * kernels.vectorWidth) < kernels.vectorWidth
                if isAlone { #expect(value == rounded(weight), "\(kernels.name) \(weight)") }
            }
            #expect(found[kernels.name]?.count == n * k)
        }
    }

    @Test(arguments: shapes) func `of 8`(m: Int, k: Int, n: Int) {
        // Most rows are one-sided, as behind an activation; one is zeros.
        var x = noise(m * k, seed: 4).map { $0 < -0.1 ? $0 / 8 : $0 * 3 }
        if m > 2 { for index in k..<2 * k { x[index] = 0 } }
        let (w, b) = (noise(n * k, seed: 5), noise(n, seed: 6))
        for (kernels, values) in products(.int8, x, w, b, m: m, k: k, n: n) {
            for row in 0..<m {
                let own = x[row * k..<(row + 1) * k]
                let (low, high) = (min(0, own.min() ?? 0), max(0, own.max() ?? 0))
                let step = Double(high - low) / 255
                for column in 0..<n {
                    let weights = w[column * k..<(column + 1) * k]
                    let scale = Self.columnScale(Array(weights), kernels)
                    let exact = zip(own, weights).reduce(Double(b[column])) { $0 + Double($1.0) * Double($1.1) }
                    // Each value is off by at most half a step of its row or column, and a zero point by another half.
                    let bound = zip(own, weights).reduce(1e-5) {
                        $0 + step * abs(Double($1.1)) + scale / 2 * (abs(Double($1.0)) + step)
                    }
                    let error = abs(Double(values[row * n + column]) - exact)
                    #expect(error <= bound, "\(kernels) \(row) \(column)")
                    // Errors of either sign cancel out: far less than the bound where there are many.
                    if k > 300 { #expect(error <= bound / 8, "\(kernels)") }
                }
            }
        }
    }

    /// A step of a column's weights; sets without VNNI make room for the sum of a pair.
    private static func columnScale(_ weights: [Float], _ kernels: String) -> Double {
        let isPaired = ["avx512", "avx2"].contains(kernels)
        let sizes = weights.indices.map { abs(weights[$0]) + (isPaired && $0 % 2 == 1 ? abs(weights[$0 - 1]) : 0) }
        return Double(sizes.max() ?? 0) / 127
    }

    @Test(arguments: [1, 2, 3, 4, 7, 64, 1536]) func `of 8, where every value is as large as it gets`(k: Int) {
        // Rows of the largest value against weights of either sign, alone and in every pairing of large and small.
        let kinds: [(Int) -> Float] = [
            { _ in 1 }, { _ in -1 }, { $0 % 2 == 0 ? 1 : -1 }, { $0 % 4 < 2 ? 1 : -1 }, { $0 % 2 == 0 ? 1 : 0.01 },
            { $0 % 2 == 0 ? 0.01 : -1 }, { $0 % 3 == 0 ? 1 : 0.5 },
        ]
        let w = kinds.flatMap { kind in (0..<k).map(kind) }
        let x = [Float](repeating: 3, count: k)
        let bias = [Float](repeating: 0, count: kinds.count)
        for (kernels, values) in products(.int8, x, w, bias, m: 1, k: k, n: kinds.count) {
            for (column, value) in values.enumerated() {
                let weights = Array(w[column * k..<(column + 1) * k])
                let exact = 3 * weights.reduce(0, +)
                let bound = 3 * Float(k) * Float(Self.columnScale(weights, kernels)) / 2 + 1e-3
                #expect(abs(value - exact) <= bound, "\(kernels) \(column): \(value), not \(exact)")
            }
        }
    }

    @Test func `of 8, where the zero point was rounded down from a half that was a little more`() {
        // The smallest value is a hair beyond a step below the zero point then: it must not come back as the largest.
        let (least, most): (Float, Float) = (-4.867_839_813_232_422, 3.722_465_991_973_877)
        let k = 37
        var x = [Float](repeating: 0, count: k)
        (x[0], x[1], x[k - 1]) = (least, most, least)
        // Each value alone: in a vector, and behind the last whole one.
        let places = [0, 1, k - 1]
        let w = places.flatMap { place in (0..<k).map { Float($0 == place ? 1 : 0) } }
        for (kernels, values) in products(.int8, x, w, [0, 0, 0], m: 1, k: k, n: places.count) {
            for (place, value) in zip(places, values) {
                #expect(abs(value - x[place]) <= (most - least) / 255, "\(kernels): \(value), not \(x[place])")
            }
        }
    }

    @Test(arguments: [WeightPrecision.bfloat16, .int8]) func `and the activation`(precision: WeightPrecision) {
        // One weight of 1, so that the activation's argument is the rounded value itself.
        let (m, n) = (401, 3)
        let x = (0..<m).map { Float($0 - 200) / 20 }
        for kernels in VectorKernels.available {
            for activation in [Activation.gelu, .geluTanh, .relu, .tanh] {
                let workspace = Workspace(capacity: 1 << 16)
                let input = workspace.matrix(rows: m, columns: 1)
                fill(input, x)
                let size = kernels.rowsScratch(precision, rows: m, columns: 1)
                let rows = kernels.rows(
                    input, for: precision, factors: nil, scratch: workspace.matrix(rows: 1, columns: size))
                let packed = PackedMatrix(
                    Tensor([1, 1, 1], shape: [n, 1]), precision: precision, factors: nil, kernels: kernels)
                let outputs = [Activation.none, activation].map { activation in
                    let output = workspace.matrix(rows: m, columns: n)
                    packed.multiply(rows, bias: nil, activation: activation, into: output)
                    return output.values
                }
                for (plain, value) in zip(outputs[0], outputs[1]) {
                    let error = abs(Double(value) - reference(activation, Double(plain)))
                    #expect(error <= 1e-4, "\(kernels.name) \(activation) at \(plain)")
                }
            }
        }
    }

    @Test(arguments: shapes) func `of 8, with factors that even the columns out`(m: Int, k: Int, n: Int) {
        let (x, w, b) = (noise(m * k, seed: 10), noise(n * k, seed: 11), noise(n, seed: 12))
        let factors = noise(k, seed: 13).map { abs($0) + 0.25 }
        let even = x.indices.map { x[$0] * factors[$0 % k] }
        let divided = w.indices.map { w[$0] / factors[$0 % k] }
        let expected = products(.int8, even, divided, b, m: m, k: k, n: n)
        let found = products(.int8, x, w, b, m: m, k: k, n: n, factors: factors)
        // The same roundings of the same values: the same bits.
        for (one, other) in zip(expected, found) { #expect(one.values == other.values, "\(one.kernels)") }
    }

    @Test(arguments: WeightPrecision.allCases, [(203, 29), (1100, 150)])
    func `and a row's is the same to the bit in any batch`(precision: WeightPrecision, size: (k: Int, m: Int)) {
        let (k, n, m) = (size.k, 70, size.m)
        let (x, w, b) = (noise(m * k, seed: 7), noise(n * k, seed: 8), noise(n, seed: 9))
        let together = products(precision, x, w, b, m: m, k: k, n: n)
        for row in 0..<m {
            let alone = products(precision, Array(x[row * k..<(row + 1) * k]), w, b, m: 1, k: k, n: n)
            for (one, all) in zip(alone, together) {
                #expect(one.values == Array(all.values[row * n..<(row + 1) * n]), "\(one.kernels)")
            }
        }
    }

    @Test(arguments: [1, 2, 5, 16, 17, 31, 33, 64, 100], [24, 32, 64])
    func `attention in bf16`(length: Int, headSize: Int) {
        let values = noise(length * 3 * headSize, seed: UInt64(length))
        let scale = 1 / Float(headSize).squareRoot()
        for kernels in VectorKernels.available {
            let workspace = Workspace(capacity: 1 << 18)
            let all = workspace.matrix(rows: length, columns: 3 * headSize)
            fill(all, values)
            let outputs = [WeightPrecision.float32, .bfloat16].map { precision in
                let output = workspace.matrix(rows: length, columns: headSize)
                let size = kernels.attentionScratch(length: length, headSize: headSize, precision: precision)
                kernels.attention(
                    query: all.columns(0..<headSize), key: all.columns(headSize..<2 * headSize),
                    value: all.columns(2 * headSize..<3 * headSize), scale: scale, precision: precision, into: output,
                    scratch: workspace.matrix(rows: 1, columns: size))
                return output.values
            }
            // Values up to 1 are rounded by up to 2⁻⁹, probabilities and scores too.
            let worst = zip(outputs[0], outputs[1]).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            #expect(worst <= 1.0 / 128, "\(kernels.name): \(worst)")
        }
    }
}
