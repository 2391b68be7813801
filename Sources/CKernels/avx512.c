#if defined(__x86_64__)
#define WIDTH 16
#define ROWS 12
#define SET "avx512"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop

const ck_kernels *ck_kernels_avx512(void) {
    int runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    return runs ? &table : 0;
}
#else
#include "CKernels.h"
const ck_kernels *ck_kernels_avx512(void) { return 0; }
#endif
