#include <cblas.h>

/// The name of the kernel set that OpenBLAS chose when it was loaded, such as "SkylakeX".
char *openblas_get_corename(void);

int blas_thread_shutdown_(void) __attribute__((weak));

/// Ends the threads that OpenBLAS started, as it does before a process forks; it computes on the calling thread then.
///
/// A build of it without threads has nothing to end.
static inline void shim_end_threads(void) {
    if (blas_thread_shutdown_) blas_thread_shutdown_();
}

/// Cholesky factor of a symmetric positive definite matrix, and the inverse from it (LAPACK); column-major, in place, one triangle.
///
/// `info` becomes 0, or says which leading minor is not positive.
void spotrf_(const char *triangle, const int *n, float *a, const int *lda, int *info);
void spotri_(const char *triangle, const int *n, float *a, const int *lda, int *info);
