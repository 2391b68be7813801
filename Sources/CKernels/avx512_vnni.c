#if defined(__x86_64__)
#define HAS_VNNI
#define WIDTH 16
#define ROWS 12
#define SET "avx512-vnni"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2,avx512vnni"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop

const ck_kernels *ck_kernels_avx512_vnni(void) {
    int runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("avx512vnni");
    return runs ? &table : 0;
}
#else
#include "CKernels.h"
const ck_kernels *ck_kernels_avx512_vnni(void) { return 0; }
#endif
