#define HAS_VNNI
#define SET "avx512-vnni"
#define ENTRY ck_kernels_avx512_vnni
#define EXTRA ",avx512vnni"
#define RUNS __builtin_cpu_supports("avx512vnni")
#include "avx512.inc"
