#ifndef CKERNELS_PEAK_H
#define CKERNELS_PEAK_H

#include <stddef.h>

// What the processor can do at best, for benchmarks to compare with; with the widest instruction set that it runs.

/// Does independent multiply-adds in registers, `rounds` times over, and returns how many; `*result` keeps them from
/// being left out.
size_t ck_peak_fma(size_t rounds, float *result);

/// Reads `count` floats in order and returns their sum.
float ck_peak_read(const float *values, size_t count);

#endif
