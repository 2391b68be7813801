#include <cblas.h>

/// The name of the kernel set that OpenBLAS chose when it was loaded, such as "SkylakeX".
char *openblas_get_corename(void);
