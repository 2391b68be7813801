import CKernels

/// How the calling thread shares its processor while it computes.
package enum ComputeThread {
    /// Lets the calling thread yield its processor now and then: within the kernels' products every few tenths of a
    /// millisecond, and between the products of ``LinearAlgebra``.
    ///
    /// For threads at idle priority. Without it one that the kernel lets run for a moment keeps a thread that serves
    /// waiting for as long as a tick of its clock.
    package static func yieldsFromNow() { ck_set_yielding(1) }

    /// Counts the work of products that are not the kernels' own.
    static func worked(multiplyAdds: Int) { ck_worked(multiplyAdds) }
}
