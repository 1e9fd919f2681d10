// The table of the NEON kernels. Rows of floats and attention stay portable: compilers vectorise
// those loops.
#include "kernels.h"
#include "vector.h"

#if CARAT_HAS_NEON
#include <pthread.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

static carat_kernels neon;

static void fill(void) {
    neon = *carat_kernels_portable();
    neon.isa = "neon";
    CARAT_SET_DOTS_AND_TILES(neon, neon);
    neon.tile_positions = 3;
    neon.dequantize[CARAT_Q2_K] = carat_dequantize_q2_k_neon;
    neon.dequantize[CARAT_Q3_K] = carat_dequantize_q3_k_neon;
    neon.dequantize[CARAT_Q4_K] = carat_dequantize_q4_k_neon;
    neon.dequantize[CARAT_Q5_K] = carat_dequantize_q5_k_neon;
    neon.dequantize[CARAT_Q6_K] = carat_dequantize_q6_k_neon;
    neon.quantize256 = carat_quantize256_neon;
    neon.quantize32 = carat_quantize32_neon;
    neon.rms_norm = carat_rms_norm_neon;
    neon.rope = carat_rope_neon;
    neon.geglu = carat_geglu_neon;
    neon.add = carat_add_neon;
    neon.to_f16 = carat_to_f16_neon;
    neon.softmax_sum = carat_softmax_sum_neon;
    neon.softmax_gap = carat_softmax_gap_neon;
}

static bool has_dot_product(void) {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
    int has = 0;
    size_t size = sizeof has;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) == 0 && has == 1;
#else
    return false;
#endif
}

const carat_kernels *carat_kernels_neon(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!has_dot_product()) return NULL;
    pthread_once(&once, fill);
    return &neon;
}
#else
const carat_kernels *carat_kernels_neon(void) { return NULL; }
#endif
