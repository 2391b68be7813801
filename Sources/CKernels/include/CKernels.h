#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Vector kernels, one set of functions for every instruction set they are compiled for.
///
/// All matrices are row-major; a leading dimension (`ld…`) counts floats from one row to the next. Every sum has a
/// fixed order that does not depend on how many rows are computed together, so a row's result is the same to the bit
/// alone or in any batch. Kernels allocate nothing and keep no state.

/// What happens to a product's element after its bias is added.
typedef enum {
    ck_activation_none = 0,
    ck_activation_gelu_erf = 1,
    ck_activation_gelu_tanh = 2,
    ck_activation_relu = 3,
    ck_activation_tanh = 4,
} ck_activation;

typedef struct ck_kernels {
    /// The instruction set: "avx512", "avx2" or "plain".
    const char *name;
    /// Columns in one panel of a packed matrix.
    size_t panel_width;

    /// Packs `w` [n, k] into ceil(n / panel_width) panels of [k, panel_width], zeros past n.
    void (*pack)(const float *w, size_t n, size_t k, float *packed);
    /// The same with elements rounded to bfloat16 (nearest, ties to even).
    void (*pack_bf16)(const float *w, size_t n, size_t k, uint16_t *packed);
    /// y [m, n] = activation(x [m, k] · wᵀ + bias [n]); `bias` may be null.
    void (*matmul)(const float *x, size_t ldx, size_t m, size_t k, const float *packed, size_t n, const float *bias,
                   ck_activation activation, float *y, size_t ldy);
    void (*matmul_bf16)(const float *x, size_t ldx, size_t m, size_t k, const uint16_t *packed, size_t n,
                        const float *bias, ck_activation activation, float *y, size_t ldy);

    /// x [m, n] = activation(x + bias [n]); `bias` may be null.
    void (*bias_activation)(float *x, size_t ldx, size_t m, size_t n, const float *bias, ck_activation activation);
    /// y = layer norm of (x + residual), all [m, n]; `residual` may be null, `y` may be `x`.
    void (*layer_norm)(const float *x, const float *residual, size_t m, size_t n, const float *weight,
                       const float *bias, float epsilon, float *y);
    /// Softmax of each row of x [m, n] after multiplying it by `scale`, in place.
    void (*softmax)(float *x, size_t ldx, size_t m, size_t n, float scale);
    /// Self-attention of one sequence for one head, bidirectional.
    ///
    /// `q`, `k`, `v` and `out` are [length, head_size] with leading dimensions `ldqkv` and `ldo`; `scratch` holds
    /// `attention_scratch(length, head_size)` floats.
    void (*attention)(const float *q, const float *k, const float *v, size_t ldqkv, size_t length, size_t head_size,
                      float scale, float *out, size_t ldo, float *scratch);
    size_t (*attention_scratch)(size_t length, size_t head_size);

    /// out [n] = mean of x [m, n] over rows.
    void (*mean_rows)(const float *x, size_t m, size_t n, float *out);
    /// out [n] = maximum of x [m, n] over rows.
    void (*max_rows)(const float *x, size_t m, size_t n, float *out);
    /// Divides x [n] by its Euclidean length (at least 1e-12), in place.
    void (*normalize)(float *x, size_t n);
    /// out [n] = a [n] + b [n] + c [n].
    void (*add3)(const float *a, const float *b, const float *c, size_t n, float *out);
} ck_kernels;

/// The kernels compiled for plain C, AVX2 with FMA, and AVX-512; null where this processor cannot run them.
const ck_kernels *ck_kernels_plain(void);
const ck_kernels *ck_kernels_avx2(void);
const ck_kernels *ck_kernels_avx512(void);
/// The fastest of them that this processor runs.
const ck_kernels *ck_kernels_best(void);

#endif
