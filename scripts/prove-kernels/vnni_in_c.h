#pragma once
// Plain C in the place of the instructions that AVX-VNNI has beyond AVX2, as the manual states them. With `-include` of
// this file its kernels run on any CPU with AVX2: it proves all that is around the instructions.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define CARAT_AVXVNNI __attribute__((target("avx2,fma,f16c")))
#define __builtin_cpu_supports(feature) 1
#define IN_C CARAT_AVXVNNI static inline

IN_C void fours_of_bytes(int32_t *sum, const void *a, const void *b, int lanes) {
    const uint8_t *x = a;
    const int8_t *y = b;
    for (int i = 0; i < 4 * lanes; i++) sum[i / 4] += x[i] * y[i];
}

IN_C void pairs_of_words(int32_t *sum, const void *a, const void *b, int lanes) {
    const int16_t *x = a, *y = b;
    for (int i = 0; i < 2 * lanes; i++) sum[i / 2] += x[i] * y[i];
}

#define INSTRUCTION_IN_C(name, type, c, lanes)                                                                        \
    IN_C type name##_in_c(type sum, type a, type b) {                                                                 \
        int32_t x[lanes];                                                                                             \
        memcpy(x, &sum, sizeof x);                                                                                    \
        c(x, &a, &b, lanes);                                                                                          \
        memcpy(&sum, x, sizeof x);                                                                                    \
        return sum;                                                                                                   \
    }
INSTRUCTION_IN_C(dpbusd256, __m256i, fours_of_bytes, 8)
INSTRUCTION_IN_C(dpwssd256, __m256i, pairs_of_words, 8)
#define _mm256_dpbusd_avx_epi32 dpbusd256_in_c
#define _mm256_dpwssd_avx_epi32 dpwssd256_in_c
