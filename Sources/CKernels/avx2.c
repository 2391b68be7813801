#if defined(__x86_64__)
#define WIDTH 8
#define ROWS 6
#define SET "avx2"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop

const ck_kernels *ck_kernels_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : 0;
}
#else
#include "CKernels.h"
const ck_kernels *ck_kernels_avx2(void) { return 0; }
#endif
