import Tensors
import Testing

/// FNV-1a of the values' bits, in their order.
private func digest(_ values: [Float]) -> UInt64 {
    values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
}

/// A revision is compared to the bit by those who verify it, and features that were computed once are kept on disk.
///
/// Where one of these digests changes, the results that people have are no longer what this build computes: raise
/// `Processor.Choice.generation`, then write the new digests here. Those of AVX-512 are not pinned yet.
@Suite struct `The bits of kernels change with their generation only` {
    private static let pinned: [String: [String: UInt64]] = [
        "plain": [
            "attention": 0x0D4B_73A9_0365_B69B,
            "bf16": 0xA236_DDBA_0BC8_7C15,
            "fp32": 0xD75C_FD58_A235_C423,
            "int8": 0x5190_9F34_BE38_E1F4,
            "layer norm": 0x86FB_5F52_1151_E1F5,
        ],
        "avx2": [
            "attention": 0x24C0_99C2_2FF8_708B,
            "bf16": 0x9C23_43C0_F259_43F6,
            "fp32": 0xF35E_CD3A_A801_7101,
            "int8": 0xEF3A_9960_83C4_89D3,
            "layer norm": 0x9181_9374_580B_2031,
        ],
    ]

    @Test(arguments: VectorKernels.available.map(\.name)) func `of one instruction set`(name: String) throws {
        guard let expected = Self.pinned[name] else { return }
        let kernels = try #require(VectorKernels.available.first { $0.name == name })
        #expect(Self.digests(kernels) == expected)
    }

    /// Digests of what `kernels` compute for fixed values.
    private static func digests(_ kernels: VectorKernels) -> [String: UInt64] {
        let (m, k, n) = (15, 389, 101)
        let workspace = Workspace(capacity: 1 << 20)
        let input = workspace.matrix(rows: m, columns: k)
        fill(input, noise(m * k, seed: 1))
        let weight = Tensor(noise(n * k, seed: 2), shape: [n, k])
        let bias = Tensor(noise(n, seed: 3), shape: [n])
        var digests: [String: UInt64] = [:]
        for precision in WeightPrecision.allCases {
            let output = workspace.matrix(rows: m, columns: n)
            let size = kernels.rowsScratch(precision, rows: m, columns: k)
            let rows = kernels.rows(input, for: precision, scratch: workspace.matrix(rows: 1, columns: size))
            PackedMatrix(weight, precision: precision, kernels: kernels)
                .multiply(rows, bias: bias, activation: .gelu, into: output)
            digests[precision.rawValue] = digest(output.values)
        }

        let length = 21
        let size = 32
        let parts = (UInt64(4)..<7).map { seed in
            let part = workspace.matrix(rows: length, columns: size)
            fill(part, noise(length * size, seed: seed))
            return part
        }
        let attended = workspace.matrix(rows: length, columns: size)
        let scratch = kernels.attentionScratch(length: length, headSize: size)
        kernels.attention(
            query: parts[0], key: parts[1], value: parts[2], scale: 0.2, into: attended,
            scratch: workspace.matrix(rows: 1, columns: scratch))
        digests["attention"] = digest(attended.values)

        let normed = workspace.matrix(rows: length, columns: size)
        let gain = Tensor(noise(size, seed: 7), shape: [size])
        kernels.layerNorm(parts[0], residual: parts[1], weight: gain, bias: gain, epsilon: 1e-12, into: normed)
        digests["layer norm"] = digest(normed.values)
        return digests
    }
}
