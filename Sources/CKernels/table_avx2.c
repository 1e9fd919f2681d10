// The table of the AVX2 kernels.
#include "attention.h"
#include "kernels.h"
#include "vector.h"

#if CARAT_HAS_AVX2
static const carat_kernels avx2 = {
    .isa = "avx2",
    .dequantize = {
        [CARAT_F32] = carat_dequantize_f32_avx2,
        [CARAT_F16] = carat_dequantize_f16_avx2,
        [CARAT_BF16] = carat_dequantize_bf16_avx2,
        [CARAT_Q8_0] = carat_dequantize_q8_0_avx2,
        [CARAT_Q2_K] = carat_dequantize_q2_k_avx2,
        [CARAT_Q3_K] = carat_dequantize_q3_k_avx2,
        [CARAT_Q4_K] = carat_dequantize_q4_k_avx2,
        [CARAT_Q5_K] = carat_dequantize_q5_k_avx2,
        [CARAT_Q6_K] = carat_dequantize_q6_k_avx2,
    },
    .dot = {
        [CARAT_F32] = carat_dot_f32_avx2,
        [CARAT_F16] = carat_dot_f16_avx2,
        [CARAT_BF16] = carat_dot_bf16_avx2,
        [CARAT_Q8_0] = carat_dot_q8_0_avx2,
        [CARAT_Q2_K] = carat_dot_q2_k_avx2,
        [CARAT_Q3_K] = carat_dot_q3_k_avx2,
        [CARAT_Q4_K] = carat_dot_q4_k_avx2,
        [CARAT_Q5_K] = carat_dot_q5_k_avx2,
        [CARAT_Q6_K] = carat_dot_q6_k_avx2,
    },
    .tile = {
        [CARAT_Q2_K] = carat_tile_q2_k_avx2,
        [CARAT_Q3_K] = carat_tile_q3_k_avx2,
        [CARAT_Q4_K] = carat_tile_q4_k_avx2,
        [CARAT_Q5_K] = carat_tile_q5_k_avx2,
        [CARAT_Q6_K] = carat_tile_q6_k_avx2,
    },
    .tile_positions = 2,
    .paired_tile = {
        [CARAT_Q2_K] = carat_tile_paired_q2_k_avx2,
        [CARAT_Q3_K] = carat_tile_paired_q3_k_avx2,
    },
    .paired_positions = 4,
    .pair256 = carat_pair256_avx2,
    .quantize256 = carat_quantize256_avx2,
    .quantize32 = carat_quantize32_avx2,
    CARAT_VECTOR_TABLE(avx2),
    CARAT_ATTENTION_TABLE(avx2, carat_score_f16_avx2, carat_mix_f16_avx2),
};

const carat_kernels *carat_kernels_avx2(void) {
    const bool can = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    return can ? &avx2 : NULL;
}
#else
const carat_kernels *carat_kernels_avx2(void) { return NULL; }
#endif
