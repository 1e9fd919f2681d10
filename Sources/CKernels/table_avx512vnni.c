// The table of the AVX-512-VNNI kernels: that of AVX2 with its own dots, tiles and attention, and what else repays 512
// bits.
#include "attention.h"
#include "kernels.h"
#include "vector.h"

#if CARAT_HAS_AVX2
#include <pthread.h>

static carat_kernels avx512vnni;

static void fill(void) {
    avx512vnni = *carat_kernels_avx2();
    avx512vnni.isa = "avx512vnni";
    CARAT_SET_DOTS_AND_TILES(avx512vnni, avx512vnni);
    avx512vnni.geglu = carat_geglu_avx512;
    avx512vnni.attention.rows = CARAT_ATTENTION_ROWS;
    avx512vnni.attention.score[CARAT_KV_F32] = carat_score_f32_avx512;
    avx512vnni.attention.score[CARAT_KV_F16] = carat_score_f16_avx512;
    avx512vnni.attention.exponentiate = carat_exponentiate_avx512;
    avx512vnni.attention.mix[CARAT_KV_F32] = carat_mix_f32_avx512;
    avx512vnni.attention.mix[CARAT_KV_F16] = carat_mix_f16_avx512;
}

const carat_kernels *carat_kernels_avx512vnni(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni");
    if (carat_kernels_avx2() == NULL || !can) return NULL;
    pthread_once(&once, fill);
    return &avx512vnni;
}
#else
const carat_kernels *carat_kernels_avx512vnni(void) { return NULL; }
#endif
