#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "CKernelsPeak.h"
#include "CKernelsYield.h"

/// Vector kernels, one set of functions for every instruction set they are compiled for.
///
/// All matrices are row-major; a leading dimension (`ld…`) counts floats from one row to the next. Every sum has a
/// fixed order that does not depend on how many rows are computed together, so a row's result is the same to the bit
/// alone or in any batch. Kernels allocate nothing and keep no state; products tell `ck_worked` of what they did.

/// What happens to a product's element after its bias is added.
typedef enum {
    ck_activation_none = 0,
    ck_activation_gelu_erf = 1,
    ck_activation_gelu_tanh = 2,
    ck_activation_relu = 3,
    ck_activation_tanh = 4,
} ck_activation;

/// What one step of AdamW does to every element of a tensor.
typedef struct {
    float learning_rate, beta1, beta2, epsilon;
    /// 1 - beta1 and 1 - beta2, rounded once.
    float rest1, rest2;
    /// 1 / (1 - beta1^t) and 1 / (1 - beta2^t) for step t.
    float first_correction, second_correction;
    /// Factors of the element itself and of its distance from the anchor, both times the learning rate.
    float decay, pull;
    /// Multiplies the gradient first: the clipping factor.
    float gradient_scale;
} ck_adamw;

/// A product whose weights and rows are converted first.
///
/// Packed weights and rows have a layout of their own for every instruction set.
typedef struct {
    /// Bytes of the packed form of w [n, k].
    size_t (*packed_size)(size_t n, size_t k);
    /// Packs `w` [n, k], aligned to 4 bytes.
    void (*pack)(const float *w, size_t n, size_t k, void *packed);
    /// Bytes of the converted form of x [m, k].
    size_t (*rows_size)(size_t m, size_t k);
    /// Converts x [m, k], its columns times `factors` [k] where that is not null; `rows` is aligned to 4 bytes.
    ///
    /// bf16, whose values have exponents of their own, takes no factors.
    void (*convert)(const float *x, size_t ldx, size_t m, size_t k, const float *factors, void *rows);
    /// y [m, n] = activation(rows [m, k] · wᵀ + bias [n]); `bias` may be null.
    void (*matmul)(const void *rows, size_t m, size_t k, const void *packed, size_t n, const float *bias,
                   ck_activation activation, float *y, size_t ldy);
} ck_product;

/// The second part of a product: x [m, k] · wᵀ, with w [n, k] packed by `pack`.
typedef struct {
    const float *x;
    size_t ldx, k;
    const float *packed;
} ck_rows;

typedef struct ck_kernels {
    /// The instruction set: "avx512-bf16" (with VNNI too), "avx512-vnni", "avx512", "avx2" or "plain".
    const char *name;
    /// Columns in one panel of a packed matrix.
    size_t panel_width;

    /// Packs `w` [n, k] into ceil(n / panel_width) panels of [k, panel_width], zeros past n.
    void (*pack)(const float *w, size_t n, size_t k, float *packed);
    /// y [m, n] = activation(x [m, k] · wᵀ + bias [n]); `bias` may be null.
    void (*matmul)(const float *x, size_t ldx, size_t m, size_t k, const float *packed, size_t n, const float *bias,
                   ck_activation activation, float *y, size_t ldy);
    /// Products with weights and rows of 16 and 8 bits.
    ck_product bf16, int8;

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
    /// The same with queries, keys, values and probabilities rounded to bf16 where the processor multiplies these faster.
    void (*attention_bf16)(const float *q, const float *k, const float *v, size_t ldqkv, size_t length,
                           size_t head_size, float scale, float *out, size_t ldo, float *scratch);
    size_t (*attention_bf16_scratch)(size_t length, size_t head_size);

    /// out [n] = mean of x [m, n] over rows.
    void (*mean_rows)(const float *x, size_t m, size_t n, float *out);
    /// out [n] = maximum of x [m, n] over rows.
    void (*max_rows)(const float *x, size_t m, size_t n, float *out);
    /// Divides x [n] by its Euclidean length (at least 1e-12), in place.
    void (*normalize)(float *x, size_t n);
    /// out [n] = a [n] + b [n] + c [n].
    void (*add3)(const float *a, const float *b, const float *c, size_t n, float *out);

    // Only training needs what follows.

    /// Packs the transpose of `w` [n, k] into ceil(k / panel_width) panels of [n, panel_width], zeros past k.
    void (*pack_transposed)(const float *w, size_t n, size_t k, float *packed);
    /// y [m, n] = x [m, k] · wᵀ + low's product, or adds that to y; `low` may be null.
    void (*matmul_two)(const float *x, size_t ldx, size_t m, size_t k, const float *packed, size_t n,
                       const ck_rows *low, int adds, float *y, size_t ldy);
    /// y [m, n] += xᵀ · w for x [k, m] and w [k, n], neither packed: for an m of few rows.
    void (*matmul_across)(const float *x, size_t ldx, size_t k, size_t m, const float *w, size_t ldw, size_t n,
                          float *y, size_t ldy);

    /// x += bias and y = activation(x), for x and y [m, n].
    void (*activate_keep)(float *x, size_t m, size_t n, const float *bias, ck_activation activation, float *y);
    /// dy *= the derivative of the activation at x; both have `count` elements.
    void (*activate_backward)(const float *x, size_t count, ck_activation activation, float *dy);
    /// x += input_bias + residual, y = layer norm of x, statistics [m, 2] = mean and 1 / standard deviation of its rows.
    ///
    /// `residual` [m, n] and `input_bias` [n] may be null.
    void (*layer_norm_keep)(float *x, const float *residual, size_t m, size_t n, const float *input_bias,
                            const float *weight, const float *bias, float epsilon, float *statistics, float *y);
    /// Replaces dy [m, n] by the gradient of x, and writes those of weight and bias where they are not null.
    void (*layer_norm_backward)(const float *x, const float *statistics, size_t m, size_t n, const float *weight,
                                float *dy, float *dweight, float *dbias);
    /// out [n] = sum of x [m, n] over rows.
    void (*column_sums)(const float *x, size_t ldx, size_t m, size_t n, float *out);
    /// Each row of out [m, n] = row [n] * scale.
    void (*fill_rows)(const float *row, size_t n, float scale, size_t m, float *out);
    /// The backward of `attention`: writes dq, dk and dv (leading dimension `lddqkv`) from dout.
    ///
    /// `scratch` holds `attention_backward_scratch(length, head_size)` floats.
    void (*attention_backward)(const float *q, const float *k, const float *v, size_t ldqkv, size_t length,
                               size_t head_size, float scale, const float *dout, size_t ldout, float *dq, float *dk,
                               float *dv, size_t lddqkv, float *scratch);
    size_t (*attention_backward_scratch)(size_t length, size_t head_size);
    /// The sum of x [n] squared, in double precision.
    double (*sum_of_squares)(const float *x, size_t n);
    /// One step for n elements; `anchor` may be null for zeros.
    void (*adamw)(float *x, const float *gradient, float *first, float *second, const float *anchor, size_t n,
                  const ck_adamw *settings);

    // Softmax regression.

    /// y [n] = w [n, k] · x [k] + bias [n], with w as it is.
    void (*apply_rows)(const float *w, size_t n, size_t k, const float *x, const float *bias, float *y);

    /// Adds bias [n] to the logits z [m, n] and returns the sum over rows of weight · cross-entropy against `labels`.
    ///
    /// Replaces z by the sum's gradient, weight · (softmax − one-hot), and adds its columns to column_sums [n]. Every
    /// label must be below n.
    double (*cross_entropy)(float *z, size_t ldz, size_t m, size_t n, const float *bias, const int32_t *labels,
                            const float *weights, float *column_sums);
    /// The inner product of x [n] and y [n], in double precision and one order.
    double (*dot)(const float *x, const float *y, size_t n);
    /// out [n] = x [n] · a + y [n] · b; `out` may be either.
    void (*combine)(const float *x, float a, const float *y, float b, size_t n, float *out);
} ck_kernels;

/// The kernels compiled for plain C, AVX2 with FMA, and AVX-512, that with VNNI, and that with BF16; null where this
/// processor cannot run them.
const ck_kernels *ck_kernels_plain(void);
const ck_kernels *ck_kernels_avx2(void);
const ck_kernels *ck_kernels_avx512(void);
const ck_kernels *ck_kernels_avx512_vnni(void);
const ck_kernels *ck_kernels_avx512_bf16(void);
/// The fastest of them that this processor runs.
const ck_kernels *ck_kernels_best(void);

#endif
