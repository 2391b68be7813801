#include "CKernelsPeak.h"

// Chains hide the latency of a multiply-add: 4 cycles, two a cycle; some more do no harm while registers last.

#if defined(__x86_64__)
#define WIDTH 16
#define CHAINS 24
#define SUFFIX avx512
#pragma clang attribute push(__attribute__((target("avx512f,fma,avx2"))), apply_to = function)
#include "peak.inc"
#pragma clang attribute pop

#define WIDTH 8
#define CHAINS 12
#define SUFFIX avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "peak.inc"
#pragma clang attribute pop
#endif

#define WIDTH 4
#define CHAINS 12
#define SUFFIX plain
#include "peak.inc"

size_t ck_peak_fma(size_t rounds, float *result) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return fma_avx512(rounds, result);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return fma_avx2(rounds, result);
#endif
    return fma_plain(rounds, result);
}

float ck_peak_read(const float *values, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return read_avx512(values, count);
    if (__builtin_cpu_supports("avx2")) return read_avx2(values, count);
#endif
    return read_plain(values, count);
}
