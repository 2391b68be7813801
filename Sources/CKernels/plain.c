#define WIDTH 4
#define ROWS 6
#define SET "plain"
#include "kernels.inc"

const ck_kernels *ck_kernels_plain(void) { return &table; }

const ck_kernels *ck_kernels_best(void) {
    const ck_kernels *found = ck_kernels_avx512_bf16();
    if (!found) found = ck_kernels_avx512_vnni();
    if (!found) found = ck_kernels_avx512();
    if (!found) found = ck_kernels_avx2();
    return found ? found : ck_kernels_plain();
}
