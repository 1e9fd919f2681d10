// The table of the portable kernels: the specification, and what runs where nothing faster does.
#include "attention.h"
#include "kernels.h"
#include "vector.h"

static const carat_kernels portable = {
    .isa = "portable",
    .dequantize = {
        [CARAT_F32] = carat_dequantize_f32_portable,
        [CARAT_F16] = carat_dequantize_f16_portable,
        [CARAT_BF16] = carat_dequantize_bf16_portable,
        [CARAT_Q8_0] = carat_dequantize_q8_0_portable,
        [CARAT_Q2_K] = carat_dequantize_q2_k_portable,
        [CARAT_Q3_K] = carat_dequantize_q3_k_portable,
        [CARAT_Q4_K] = carat_dequantize_q4_k_portable,
        [CARAT_Q5_K] = carat_dequantize_q5_k_portable,
        [CARAT_Q6_K] = carat_dequantize_q6_k_portable,
    },
    .dot = {
        [CARAT_F32] = carat_dot_f32_portable,
        [CARAT_F16] = carat_dot_f16_portable,
        [CARAT_BF16] = carat_dot_bf16_portable,
        [CARAT_Q8_0] = carat_dot_q8_0_portable,
        [CARAT_Q2_K] = carat_dot_q2_k_portable,
        [CARAT_Q3_K] = carat_dot_q3_k_portable,
        [CARAT_Q4_K] = carat_dot_q4_k_portable,
        [CARAT_Q5_K] = carat_dot_q5_k_portable,
        [CARAT_Q6_K] = carat_dot_q6_k_portable,
    },
    .quantize256 = carat_quantize256_portable,
    .quantize32 = carat_quantize32_portable,
    CARAT_VECTOR_TABLE(portable),
    CARAT_ATTENTION_TABLE(portable, NULL, NULL),
};

const carat_kernels *carat_kernels_portable(void) { return &portable; }
