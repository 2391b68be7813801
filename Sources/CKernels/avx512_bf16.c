#define HAS_VNNI
#define HAS_BF16
#define SET "avx512-bf16"
#define ENTRY ck_kernels_avx512_bf16
#define EXTRA ",avx512vnni,avx512bf16"
#define RUNS (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"))
#include "avx512.inc"
