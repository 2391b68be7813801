import CKernels

extension VectorKernels {
    /// Does some million independent multiply-adds in registers, with the widest instructions there are, and returns how
    /// many: against the clock, what this processor can do at best.
    package static func peakMultiplyAdds() -> Int {
        // What the sums are is of no interest; that they are taken keeps the loop from being left out.
        var sum: Float = 0
        return unsafe ck_peak_fma(10_000, &sum)
    }

    /// Reads all of `storage` in order, with the widest instructions there are, and returns its sum.
    package static func peakRead(_ storage: FloatStorage) -> Float {
        unsafe ck_peak_read(storage.base, storage.count)
    }
}
