import CKernels
import COpenBLAS
import Glibc

/// Makes OpenBLAS use the kernels that fit this processor, and checks that they compute what they should.
///
/// Debian 12's OpenBLAS does not know newer processors and falls back to old kernels, up to five times slower. It
/// chooses when it is loaded, from `OPENBLAS_CORETYPE`, so the process sets that and executes itself again, once.
package enum Processor {
    /// What the computations of this process run on.
    package struct Choice: Sendable, Equatable {
        /// OpenBLAS's kernel set, such as "SkylakeX".
        package let blas: String
        /// The vector kernels' instruction set, such as "avx512".
        package let vectors: String

        /// Goes up with every change that changes a bit of a result; a test pins some of the kernels' bits.
        private static let generation = 7

        /// All of it in one word, for manifests and cache keys: results of different paths may differ in the last bits.
        package var kernelPath: String { "\(vectors).\(Self.generation)+\(blas)" }
    }

    /// Why computations cannot be trusted here.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// The kernel set that OpenBLAS is using.
    package static var blasCore: String {
        unsafe openblas_get_corename().map { unsafe String(cString: $0) } ?? "unknown"
    }

    /// One thread a product, and none that waits for products.
    ///
    /// Those that OpenBLAS starts as it is loaded would keep a processor busy for a tenth of a second, asking for work.
    /// Done once, as setting the number starts them again.
    private static let ownThreadsEnded: Void = {
        openblas_set_num_threads(1)
        shim_end_threads()
    }()

    /// Call first in `main`: executes the process again where OpenBLAS chose the wrong kernels.
    ///
    /// An `OPENBLAS_CORETYPE` that is already set is left alone, and so is everything else about the process: its id,
    /// its arguments, its open descriptors.
    package static func chooseKernels() {
        if unsafe getenv("OPENBLAS_CORETYPE") != nil { return }
        let wanted =
            switch VectorKernels.best.name {
            case let name where name.hasPrefix("avx512"): "SkylakeX"
            case "avx2": "Haswell"
            default: blasCore
            }
        if wanted == blasCore || (wanted == "SkylakeX" && blasCore == "Cooperlake")
            || (wanted == "Haswell" && blasCore == "Zen")
        {
            return ownThreadsEnded
        }
        unsafe setenv("OPENBLAS_CORETYPE", wanted, 1)
        unsafe setenv("OPENBLAS_NUM_THREADS", "1", 1)
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &arguments)
        // Only where exec failed: go on with the slower kernels.
        unsafe arguments.forEach { unsafe free($0) }
    }

    /// Sets OpenBLAS to one thread and compares a small product with a plain loop.
    ///
    /// - Throws: `Fault` if they differ.
    package static func check() throws(Fault) -> Choice {
        _ = ownThreadsEnded
        let m = 13, n = 37, k = 29
        let a = (0..<m * k).map { Float(($0 * 7919) % 101) / 101 - 0.5 }
        let b = (0..<k * n).map { Float(($0 * 104_729) % 97) / 97 - 0.5 }
        var product = [Float](repeating: 0, count: m * n)
        var span = product.mutableSpan
        LinearAlgebra.multiply(a.span, b.span, m: m, n: n, k: k, into: &span)
        let choice = Choice(blas: blasCore, vectors: VectorKernels.best.name)
        for row in 0..<m {
            for column in 0..<n {
                let expected = (0..<k).reduce(Float(0)) { $0 + a[row * k + $1] * b[$1 * n + column] }
                guard abs(product[row * n + column] - expected) <= 1e-4 else {
                    throw Fault(
                        description: """
                            OpenBLAS computes wrong results with its \(choice.blas) kernels on this processor; \
                            set OPENBLAS_CORETYPE to another kernel set, such as Haswell or Nehalem
                            """)
                }
            }
        }
        return choice
    }
}
