// The tables of the encoders.
#include "CEncoders.h"

#include "kernels.h"

#define DECLARE(name, format, isa)                                                                                    \
    bool carat_##name##_##format##_##isa(                                                                             \
        const float *x, size_t rows, size_t columns, const float *importance, void *out);
#define DECLARE_ALL(isa)                                                                                              \
    DECLARE(encode, f16, isa)                                                                                         \
    DECLARE(encode, bf16, isa)                                                                                        \
    DECLARE(encode, q4_0, isa)                                                                                        \
    DECLARE(encode, q5_0, isa)                                                                                        \
    DECLARE(encode, q5_1, isa)                                                                                        \
    DECLARE(encode, q8_0, isa)                                                                                        \
    DECLARE(encode, q2_k, isa)                                                                                        \
    DECLARE(encode, q3_k, isa)                                                                                        \
    DECLARE(encode, q4_k, isa)                                                                                        \
    DECLARE(encode, q5_k, isa)                                                                                        \
    DECLARE(encode, q6_k, isa)                                                                                        \
    DECLARE(encode_high, q2_k, isa)                                                                                   \
    DECLARE(encode_high, q3_k, isa)                                                                                   \
    DECLARE(encode_high, q4_k, isa)                                                                                   \
    DECLARE(encode_high, q5_k, isa)                                                                                   \
    DECLARE(encode_high, q6_k, isa)
#define TABLE(isa_)                                                                                                   \
    {                                                                                                                 \
        .isa = #isa_,                                                                                                 \
        .encode =                                                                                                     \
            {                                                                                                         \
                [CARAT_ENCODE_F16] = carat_encode_f16_##isa_,                                                         \
                [CARAT_ENCODE_BF16] = carat_encode_bf16_##isa_,                                                       \
                [CARAT_ENCODE_Q4_0] = carat_encode_q4_0_##isa_,                                                       \
                [CARAT_ENCODE_Q5_0] = carat_encode_q5_0_##isa_,                                                       \
                [CARAT_ENCODE_Q5_1] = carat_encode_q5_1_##isa_,                                                       \
                [CARAT_ENCODE_Q8_0] = carat_encode_q8_0_##isa_,                                                       \
                [CARAT_ENCODE_Q2_K] = carat_encode_q2_k_##isa_,                                                       \
                [CARAT_ENCODE_Q3_K] = carat_encode_q3_k_##isa_,                                                       \
                [CARAT_ENCODE_Q4_K] = carat_encode_q4_k_##isa_,                                                       \
                [CARAT_ENCODE_Q5_K] = carat_encode_q5_k_##isa_,                                                       \
                [CARAT_ENCODE_Q6_K] = carat_encode_q6_k_##isa_,                                                       \
            },                                                                                                        \
        .encode_high =                                                                                                \
            {                                                                                                         \
                [CARAT_ENCODE_Q2_K] = carat_encode_high_q2_k_##isa_,                                                  \
                [CARAT_ENCODE_Q3_K] = carat_encode_high_q3_k_##isa_,                                                  \
                [CARAT_ENCODE_Q4_K] = carat_encode_high_q4_k_##isa_,                                                  \
                [CARAT_ENCODE_Q5_K] = carat_encode_high_q5_k_##isa_,                                                  \
                [CARAT_ENCODE_Q6_K] = carat_encode_high_q6_k_##isa_,                                                  \
            },                                                                                                        \
    }

DECLARE_ALL(portable)
static const carat_encoders portable = TABLE(portable);

const carat_encoders *carat_encoders_portable(void) { return &portable; }

#if CARAT_HAS_AVX2
DECLARE_ALL(avx2)
static const carat_encoders avx2 = TABLE(avx2);

const carat_encoders *carat_encoders_avx2(void) {
    const bool can = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    return can ? &avx2 : NULL;
}
#else
const carat_encoders *carat_encoders_avx2(void) { return NULL; }
#endif

size_t carat_find_not_finite(const float *x, size_t count) {
    // most rows have none: whole stretches are asked first
    enum { STRETCH = 256 };
    for (size_t start = 0; start < count; start += STRETCH) {
        const size_t end = count - start < STRETCH ? count : start + STRETCH;
        bool all = true;
        for (size_t i = start; i < end; i++) all &= __builtin_fabsf(x[i]) <= 3.402823466e38f;
        for (size_t i = start; !all && i < end; i++)
            if (!(__builtin_fabsf(x[i]) <= 3.402823466e38f)) return i;
    }
    return count;
}
