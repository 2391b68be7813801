#define SET "avx512"
#define ENTRY ck_kernels_avx512
#define EXTRA ""
#define RUNS 1
#include "avx512.inc"
