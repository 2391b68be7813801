#include <cblas.h>

/// The name of the kernel set that OpenBLAS chose when it was loaded, such as "SkylakeX".
char *openblas_get_corename(void);

/// Cholesky factor of a symmetric positive definite matrix, and the inverse from it (LAPACK); column-major, in place, one triangle.
///
/// `info` becomes 0, or says which leading minor is not positive.
void spotrf_(const char *triangle, const int *n, float *a, const int *lda, int *info);
void spotri_(const char *triangle, const int *n, float *a, const int *lda, int *info);
