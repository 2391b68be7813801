import CKernels

/// How threads that compute share the processors.
package enum ComputeThread {
    /// Lets the calling thread yield its processor while others serve: within the kernels' products every few tenths of a
    /// millisecond, and between the products of ``LinearAlgebra``.
    ///
    /// For threads at idle priority. Without it one that the kernel lets run for a moment keeps a thread that serves
    /// waiting for as long as a tick of its clock.
    package static func yieldsFromNow() { ck_set_yielding(1) }

    /// Notes that the calling thread serves somebody; for two seconds threads that yield make room for the next time.
    package static func serves() { ck_serves() }

    /// Counts the work of products that are not the kernels' own.
    static func worked(multiplyAdds: Int) { ck_worked(multiplyAdds) }
}
